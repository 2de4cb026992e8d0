"""Grid and random search for hyperparameters, judged on the validation part."""

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from optbench import gate
from optbench.catalog import finding
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.errors import SettingError
from optbench.kernels.memory import capacity
from optbench.lanes.minimizing import minimize

if TYPE_CHECKING:
    import pandas as pd


def grid(**choices: Iterable[Any]) -> list[dict[str, Any]]:
    """Return all combinations of choices as a list of dicts: ``grid(lr=[0.1, 1], beta1=[0.9])``."""
    for name, values in choices.items():
        if isinstance(values, (str, dict)) or not np.iterable(values):
            raise SettingError(f"grid: {name} = {gate.shown(values)}; give a list of its values")
    return [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]


def draw(count: int, seed: int = 0, **ranges: tuple[Any, ...]) -> list[dict[str, float]]:
    """Return `count` random settings (Bergstra and Bengio 2012).

    Parameters
    ----------
    count : int
    seed : int
    **ranges : (low, high) or (low, high, "log")
        Uniform, or uniform in the logarithm; ``lr=(1e-4, 1, "log")``.
    """
    count, seed = gate.whole("draw: count", count), gate.whole("draw: seed", seed)
    capacity.check_memory(f"draw: {count} settings", 100 * count * len(ranges), "count")
    rng, columns = np.random.default_rng(seed), {}
    for name, ends in ranges.items():
        low, high, log = _range(name, ends)
        if log:
            columns[name] = np.exp(rng.uniform(math.log(low), math.log(high), count))
        else:
            columns[name] = rng.uniform(low, high, count)
    return [{name: float(column[i]) for name, column in columns.items()} for i in range(count)]


def _range(name: str, ends: object) -> tuple[float, float, bool]:
    """Return low, high and whether draws are uniform in the logarithm."""
    error = SettingError(
        f'range {name} = {gate.shown(ends)}; expected (low, high), or (low, high, "log") with '
        "0 < low < high"
    )
    if not isinstance(ends, (tuple, list)) or len(ends) not in (2, 3):
        raise error
    low, high = (gate.real(f"range {name}: an end", end) for end in ends[:2])
    log = len(ends) == 3
    if not low < high or (log and (ends[2] != "log" or low <= 0)):
        raise error
    return low, high, log


def search(
    optimizer: str,
    problem: str | ProblemDefinition | NetDefinition,
    settings: Iterable[Mapping[str, Any]],
    *,
    steps: int,
    instance: int = 1,
    seeds: int = 3,
    threads: int | None = None,
) -> "pd.DataFrame":
    """Train a net under every setting and rank them by validation loss; the test part only reports.

    Parameters
    ----------
    optimizer : str
    problem : str or definition
        A declared net.
    settings : sequence of dict
        Hyperparameters, as `grid` and `draw` give them.
    steps : int
    instance : int
        Which split of the data.
    seeds : int
        Lanes of each setting; all settings share their starts and batches.
    threads : int, optional

    Returns
    -------
    DataFrame
        A row a setting, best first: the hyperparameters, then medians over seeds of the final
        train_loss, validation_loss and test_loss; infinite if a lane stopped being finite.
    """
    import pandas as pd

    split = finding.problem(problem, instance=instance)
    if split.kind != "net":
        raise SettingError(f"{split.name} is no net; search ranks nets by their validation loss")
    settings = list(settings)
    if not settings or not all(isinstance(setting, dict) for setting in settings):
        raise SettingError("search: settings must be a list of one dict or more, see grid and draw")
    rows = []
    for setting in settings:
        run = minimize(optimizer, split, steps=steps, lanes=seeds, threads=threads, **setting)
        losses = run.records.metrics[:, -1, ::2].astype(float)
        losses[run.status == "not finite"] = np.inf
        median = np.median(np.where(np.isfinite(losses), losses, np.inf), axis=0)
        names = ("train_loss", "validation_loss", "test_loss")
        rows.append({**setting, **dict(zip(names, median, strict=True))})
    return pd.DataFrame(rows).sort_values("validation_loss", kind="stable", ignore_index=True)
