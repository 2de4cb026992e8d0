"""Grid and random search for hyperparameters, judged on the validation part."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.catalog import finding
from optbench.catalog.instance import Problem
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.errors import SettingError
from optbench.kernels.memory import capacity
from optbench.kernels.status import NOT_FINITE
from optbench.lanes import cost, lane_settings
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.minimizing import run_lanes
from optbench.lanes.starts import start_points
from optbench.rules import compose

LOSSES = "train_loss", "validation_loss", "test_loss"
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
    rows: list[dict[str, Any]] = [{} for _ in settings]
    for group in _alike(settings):
        losses = _losses(optimizer, split, [settings[i] for i in group], steps, seeds, threads)
        for i, row in zip(group, losses, strict=True):
            rows[i] = {**settings[i], **dict(zip(LOSSES, row, strict=True))}
    return pd.DataFrame(rows).sort_values("validation_loss", kind="stable", ignore_index=True)


def _alike(settings: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Return the numbers of the settings that can run together: of the same names and texts."""
    groups: dict[Any, list[int]] = {}
    for i, setting in enumerate(settings):
        texts = tuple((name, value) for name, value in setting.items() if isinstance(value, str))
        groups.setdefault((frozenset(setting), frozenset(texts)), []).append(i)
    return list(groups.values())


def _losses(
    optimizer: str,
    problem: Problem,
    settings: Sequence[Mapping[str, Any]],
    steps: int,
    seeds: int,
    threads: int | None,
) -> NDArray[np.float64]:
    """Return medians over seeds of the last losses [settings, 3] of settings that are alike."""
    own, count = compose.optimizer(optimizer), len(settings)
    steps, seeds = gate.whole("steps", steps, low=1), gate.whole("seeds", seeds, low=1)
    threads = capacity.threads_of(threads)
    cost.of_lanes(
        problem,
        own,
        lanes=count * seeds,
        steps=steps,
        records=1,
        dtype="float64",
        threads=threads,
        settings=count,
    ).refuse(f"search: {own.label} on {problem.label}", f"settings ({count}) or steps ({steps})")
    hyper = {
        name: value if isinstance(value, str) else [setting[name] for setting in settings]
        for name, value in settings[0].items()
    }
    own, trials = lane_settings.with_lane_values(own, hyper, count, "float64")
    trials.setdefault("lr", np.full(count, own.lr))
    inputs = LaneInputs.crossed(
        start_points(problem, range(seeds)), problem.keys(range(seeds)),
        np.zeros(seeds, np.int64), trials,
    )  # fmt: skip
    job = Job(steps=steps, records=np.array([steps]), idle=threads - 1)
    results = run_lanes(problem, own, inputs, job)
    losses = results.record_metrics[:, -1, ::2].astype(np.float64)
    losses[results.status == NOT_FINITE] = np.inf
    losses[~np.isfinite(losses)] = np.inf
    medians: NDArray[np.float64] = np.median(losses.reshape(seeds, count, 3), axis=0)
    return medians
