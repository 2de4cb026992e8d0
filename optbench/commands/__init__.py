"""Commands that are more than a few lines, one a file; `optbench.cli` adds them."""
