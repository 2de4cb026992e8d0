"""Trials: the settings that a pair is tuned over, the rule's default setting as one more.

On a grid of rates there is a trial a rate. In a larger space trials are independent uniform draws
in the search ranges of the hyperparameters: draw i of a name is the same share of its range for
every optimizer, and does not depend on how many trials there are, so that more trials extend fewer.
The default setting is a trial with a row of its own, which is never chosen.
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench import gate
from optbench.define.draws import stream_key, uniforms
from optbench.define.names import is_name
from optbench.define.ranges import Allowed, Range
from optbench.define.search_ranges import Search
from optbench.lanes.runnable import Runnable
from optbench.rules.compose import Optimizer
from optbench.study.fields import FIELD

DEFAULT = -1
"""The number of the trial of the default setting."""
NO_RATE = 1.0
"""Stands for the rate of a solver, which has none, and is not tuned."""
RATE, ALL = "lr", "all"
Space = str | tuple[str, ...]
"""`RATE`: the study's grid of rates; `ALL` or names of hyperparameters: draws in their ranges."""


@dataclass(frozen=True, eq=False)
class Trials:
    """Settings of one optimizer, in the order of their numbers, the default setting last.

    Attributes
    ----------
    number : ndarray of int64 [T]
        Of each trial in the space; `DEFAULT` for the default setting.
    values : dict of str to ndarray of float64 [T]
        The hyperparameters that trials differ in, "lr" first. All others are the optimizer's.
    """

    number: NDArray[np.int64]
    values: Mapping[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.number)

    def at(self, positions: Sequence[int] | NDArray[np.intp]) -> "Trials":
        """Return the trials at some positions."""
        index = np.asarray(positions)
        return Trials(self.number[index], {n: column[index] for n, column in self.values.items()})

    def with_rates(self, more: "Trials") -> "tuple[Trials, NDArray[np.intp]]":
        """Return these and `more` by ascending rate, the default last, and their order."""
        both = joined(self, more)
        order = np.lexsort([both.values[RATE], both.number == DEFAULT])
        return both.at(order), order

    def setting(self, trial: int) -> dict[str, float]:
        """Return the values of the trial at a position, by name."""
        return {name: float(values[trial]) for name, values in self.values.items()}


def rate_trials(rates: ArrayLike, first: int = 0) -> Trials:
    """Return a trial for each of `rates` [n], numbered from `first`."""
    lr = np.array(rates, np.float64)
    return Trials(first + np.arange(len(lr)), {RATE: lr})


def default_trial(optimizer: Runnable, names: Iterable[str] = ()) -> Trials:
    """Return the trial of an optimizer's default setting, with the values of `names` beside lr.

    What is set in brackets is part of the default setting.
    """
    values: Mapping[str, Any] = {RATE: _default_rate(optimizer), **optimizer.values}
    columns = {name: np.array([values[name]], np.float64) for name in (RATE, *names)}
    return Trials(np.array([DEFAULT]), columns)


def _default_rate(optimizer: Runnable) -> float:
    return optimizer.lr if isinstance(optimizer, Optimizer) else NO_RATE


def grid_trials(rates: ArrayLike, optimizer: Runnable) -> Trials:
    """Return a trial a rate, then the default trial where the rate is tuned.

    Parameters
    ----------
    rates : array_like [n]
        Of the grid, or the one rate of an optimizer whose rate is not tuned.
    optimizer : Runnable
    """
    trials = rate_trials(rates)
    tuned = optimizer.has_rate and optimizer.fixed_rate is None
    return joined(trials, default_trial(optimizer)) if tuned else trials


def drawn_trials(
    optimizer: Runnable,
    study_seed: int,
    space: Space,
    count: int,
    rate_ends: tuple[float, float] | None = None,
    widen: float = 1.0,
) -> Trials:
    """Return draws in the search ranges of the names in a space, then the default trial.

    Parameters
    ----------
    optimizer : Runnable
    study_seed : int
    space : "all" or tuple of str
        Names that the optimizer does not have, has set, or does not search count for nothing.
    count : int
        How many are drawn. None, if the optimizer searches none of the names: the default trial is
        alone then.
    rate_ends : (float, float), optional
        Smallest and largest rate, in place of the rule's own search range.
    widen : float
        By how much the ranges are widened.
    """
    ranges = searched(optimizer, space, rate_ends, widen)
    if not ranges:
        return default_trial(optimizer)
    text = space if isinstance(space, str) else ",".join(sorted(space))
    keys = [stream_key(study_seed, "trials", text, name) for name in ranges]
    shares = uniforms(np.array(keys, np.uint64), count)
    values = {RATE: np.full(count, _default_rate(optimizer))}
    for (name, allowed), share in zip(ranges.items(), shares, strict=True):
        values[name] = allowed.drawn(share)
    others = [name for name in ranges if name != RATE]
    return joined(Trials(np.arange(count), values), default_trial(optimizer, others))


def joined(*trials: Trials) -> Trials:
    """Return trials of the same names, one after another."""
    numbers = np.concatenate([each.number for each in trials])
    names = trials[0].values
    return Trials(numbers, {n: np.concatenate([each.values[n] for each in trials]) for n in names})


def searched(
    optimizer: Runnable,
    space: Space,
    rate_ends: tuple[float, float] | None = None,
    widen: float = 1.0,
) -> dict[str, Range]:
    """Return the hyperparameters that an optimizer searches in a space, "lr" first.

    Their `Range.search` is where, `widen` times as wide as declared; `rate_ends` take the place of
    the rule's own for "lr".
    """
    if not isinstance(optimizer, Optimizer):
        return {}
    fixed = dict(optimizer.given).keys() - set(optimizer.searched_by_hand)
    hyper = _hyperparameters(optimizer, rate_ends)
    ranges = {name: hyper[name] for name in hyper if space == ALL or name in space}
    return {
        name: allowed.widened(widen)
        for name, allowed in ranges.items()
        if isinstance(allowed, Range) and allowed.search is not None and name not in fixed
    }


def _hyperparameters(
    optimizer: Optimizer, rate_ends: tuple[float, float] | None
) -> dict[str, Allowed]:
    """Return what an optimizer's hyperparameters may be, "lr" first, searched in `rate_ends`."""
    hyper = dict(optimizer.hyper)
    rate = hyper.pop(RATE, None)
    if not isinstance(rate, Range):
        return hyper
    if rate_ends is not None:
        search = Search(*rate_ends, "log", "the study's rates")
        rate = dataclasses.replace(rate, search=search)
    return {RATE: rate, **hyper}


def space_of(optimizer: Runnable, space: Space) -> Space:
    """Return the space of one optimizer: with what is given as a range in its brackets."""
    by_hand = optimizer.searched_by_hand if isinstance(optimizer, Optimizer) else ()
    if not by_hand or space == ALL:
        return space
    return tuple(dict.fromkeys((RATE, *(() if space == RATE else space), *by_hand)))


def without_effect(optimizers: Collection[Runnable], space: Space) -> list[str]:
    """Return the names of a space that none of the optimizers searches: misspelt ones, most often.

    Whether a name is one at all is not known before a study's optimizers are.
    """
    if isinstance(space, str):
        return []
    return [name for name in space if not any(searched(each, (name,)) for each in optimizers)]


def checked_space(value: object) -> Space:
    """Return the space of a study: "lr", "all" or names of hyperparameters.

    Raises
    ------
    ValueError
        If it is something else; the message has `FIELD` in it.
    """
    if isinstance(value, str) and value in (RATE, ALL):
        return str(value)
    expected = f'must be "{RATE}" (the grid of rates), "{ALL}" or a list of hyperparameters'
    if isinstance(value, str) and is_name(value):
        raise ValueError(f'{FIELD} = {gate.shown(value)} {expected}: write ["{value}"]')
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError(f"{FIELD} = {gate.shown(value)} {expected}, at least one")
    for i, name in enumerate(value):
        if not is_name(name):
            raise ValueError(
                f"{FIELD} has {gate.shown(name)}, which is not the name of a hyperparameter"
            )
        if name == ALL:
            raise ValueError(f'{FIELD} has "{ALL}" among names: write "{ALL}" alone, not in a list')
        if name in value[:i]:
            raise ValueError(f"{FIELD} has {gate.shown(name)} twice")
    return tuple(map(str, value))
