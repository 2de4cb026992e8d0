"""Write docs/claims.md from a run of claims.

``python docs/write_claims.py RUN`` writes it; RUN is the folder of `optbench run claims --out RUN`.
"""

import sys
from pathlib import Path

from optbench.claims import keeping, page

PAGE = Path(__file__).parent / "claims.md"


def text(folder):
    """Return the text of the page for the folder of a run."""
    return page.docs(keeping.read_all(Path(folder)))


if __name__ == "__main__":
    PAGE.write_text(text(sys.argv[1]), "utf-8")
