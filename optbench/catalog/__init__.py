"""From a definition to one instance that can be evaluated, with reference value and hash."""
