"""Update rules, a family a file, in order of complexity; wrappers; their composition."""
