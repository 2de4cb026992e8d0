"""Claims that are put to the test: what is said, an experiment, a verdict that was fixed before."""
