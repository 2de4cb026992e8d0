"""Exit codes of the command line, beside 0."""

FAILED = 1
"""A pair of a study, or a check, failed."""
USAGE = 2
"""A mistake in what was asked for."""
RESULTS = 3
"""Results cannot be read or written."""
INTERRUPTED = 130
"""Ctrl-C, SIGTERM or SIGHUP."""
