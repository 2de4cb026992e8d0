"""The numbers of several runs together: what each adds to the file that ``.ci/run`` sums up."""

import os
from pathlib import Path

FILE = "OPTBENCH_TEST_COUNTS"
"""The environment variable that names the file; without it nothing is written."""


def add(passed=0, failed=0, skipped=0, file=None):
    """Add a line of numbers to a file, by default the one that the environment names."""
    file = file or os.environ.get(FILE)
    if file:
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.write(f"{passed} {failed} {skipped}\n")


def of_stats(stats):
    """Return the numbers of pytest's statistics; errors are failures, what xfails is skipped."""
    total = {name: len(reports) for name, reports in stats.items()}
    return dict(
        passed=total.get("passed", 0),
        failed=total.get("failed", 0) + total.get("error", 0) + total.get("xpassed", 0),
        skipped=total.get("skipped", 0) + total.get("xfailed", 0),
    )
