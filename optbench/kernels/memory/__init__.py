"""What compiled functions are handed: addresses of groups of arrays, and where they lie."""
