"""Which optimizer, on what kind of problem, with which settings, and how sure are we."""

import importlib
from typing import Any

from optbench.waiting import without_collections

_HOMES = {
    "Problem": "catalog.instance",
    "Study": "study.schema",
    "Trajectories": "lanes.trajectories",
    "load": "report.statistics.load",
    "map": "maps.mapping",
    "minimize": "lanes.minimizing",
    "nets": "nets",
    "optimizer": "rules.compose",
    "optimizers": "rules.registry",
    "perturbed": "catalog.finding",
    "problem": "catalog.finding",
    "problems": "catalog.finding",
    "replay": "lanes.replaying",
    "run": "session",
}
# A star import must not hide the built-in `map`.
__all__ = [name for name in _HOMES if name != "map"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import on first use: the command line must not pay for what it does not need."""
    if name not in _HOMES:
        raise AttributeError(f"module 'optbench' has no attribute {name!r}")
    with without_collections():
        module = importlib.import_module(f"optbench.{_HOMES[name]}")
    value = module if name == "nets" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
