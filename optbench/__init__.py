"""Which optimizer, on what kind of problem, with which settings, and how sure are we."""

import importlib
from typing import TYPE_CHECKING, Any

from optbench.waiting import without_collections

if TYPE_CHECKING:  # what type checkers know of `_HOMES`
    from optbench import nets as nets
    from optbench.bridges.optax_transform import as_optax as as_optax
    from optbench.bridges.scipy_method import as_scipy as as_scipy
    from optbench.bridges.torch_class import as_torch as as_torch
    from optbench.catalog.finding import perturbed as perturbed
    from optbench.catalog.finding import problem as problem
    from optbench.catalog.finding import problems as problems
    from optbench.catalog.instance import Problem as Problem
    from optbench.interactive.run import Run as Run
    from optbench.lanes.minimizing import minimize as minimize
    from optbench.lanes.replaying import replay as replay
    from optbench.lanes.tracing import trace as trace
    from optbench.lanes.trajectories import Trajectories as Trajectories
    from optbench.maps.mapping import map as map
    from optbench.report.comparing.comparison import Comparison as Comparison
    from optbench.report.comparing.comparison import compare as compare
    from optbench.report.statistics.load import load as load
    from optbench.rules.compose import optimizer as optimizer
    from optbench.rules.registry import optimizers as optimizers
    from optbench.session import run as run
    from optbench.study.schema import Study as Study

_HOMES = {
    "Comparison": "report.comparing.comparison",
    "Problem": "catalog.instance",
    "Run": "interactive.run",
    "Study": "study.schema",
    "Trajectories": "lanes.trajectories",
    "as_optax": "bridges.optax_transform",
    "as_scipy": "bridges.scipy_method",
    "as_torch": "bridges.torch_class",
    "compare": "report.comparing.comparison",
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
    "trace": "lanes.tracing",
}
# A star import must not hide the built-in `map`.
__all__ = [name for name in _HOMES if name != "map"]
__version__ = "0.1.0"


if not TYPE_CHECKING:  # to type checkers every name would exist

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
