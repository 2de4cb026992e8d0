"""The results that are committed: ``python -m tests.baseline`` computes and writes them anew.

Whoever changes numbers ends by running it (`make baseline`): `test_baseline.py` computes a tenth.
"""

import sys
import tempfile
from pathlib import Path

from optbench.cli.bar import progress_shown
from optbench.report.baseline import writing
from optbench.study.invocation import compute

FOLDER = Path(__file__).parents[1] / "results" / "baseline"
STUDIES = ("default", "tuned")


def rewrite(study):
    """Run a study and write its tables into the source tree; return how many pairs failed."""
    with tempfile.TemporaryDirectory() as folder:
        with progress_shown() as bar:
            run = compute(study, Path(folder) / study, progress=bar)
        if not bar.failures:
            print(f"wrote {writing.write(run, FOLDER / study)}")
        return len(bar.failures)


if __name__ == "__main__":
    sys.exit(sum(map(rewrite, STUDIES)) > 0)
