"""The runs below a folder: their states, and what cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from optbench.errors import ResultsError
from optbench.study.results import FILE, Results


def runs(root: str | Path = "results") -> tuple[list[dict[str, Any]], list[str]]:
    """Return the state of each run below `root`, and what cannot be read.

    Returns
    -------
    list of dict
        With name, study, created, state (words) and pairs, as `Results.pairs` gives them.
    list of str
        A message for each file that cannot be read.
    """
    # Imported here: pandas is not needed to find that there are no runs.
    from optbench.report.statistics.load import state_of

    readable, damaged = [], []
    for path in sorted(Path(root).glob(f"*/{FILE}")):
        try:
            with Results(path.parent) as results:
                manifest = results.manifest()
                state, pairs = state_of(results), results.pairs()
        except ResultsError as error:
            damaged.append(str(error))
            continue
        readable.append({
            "name": path.parent.name, "study": (manifest.get("study") or {}).get("name", "?"),
            "created": manifest.get("created", "?"), "state": state, "pairs": pairs,
        })  # fmt: skip
    return readable, damaged
