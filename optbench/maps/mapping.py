"""The public `map`: how lanes end over two hyperparameters, or starts, from Python."""

from __future__ import annotations

import base64
import html
import io
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from optbench import gate
from optbench.catalog import finding
from optbench.catalog.instance import Problem
from optbench.catalog.perturbing import check_budget
from optbench.catalog.references import reference
from optbench.define import plugins
from optbench.define.definitions import NetDefinition, ProblemDefinition, Rule
from optbench.define.ranges import Range
from optbench.errors import ResultsError, SettingError
from optbench.kernels.memory.capacity import threads_of
from optbench.maps.axes import Axis, with_axis
from optbench.maps.computing import ENDED_THERE, NAMES, WENT_ON, Asked, compute
from optbench.maps.mapped import Mapped
from optbench.rules import compose, setting_checks
from optbench.rules.compose import Optimizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LARGEST = 16384
"""Pixels along a side at most."""


class OutcomeMap(Mapped):
    """What `map` returns: arrays, the picture and what there is to say of it."""

    @property
    def outcome(self) -> NDArray[np.str_]:
        """How each lane ended [rows, columns]: "target", "neither" or "not finite"."""
        return np.array(NAMES)[self.outcomes.outcome]

    @property
    def shares(self) -> dict[str, float]:
        """The share of each outcome."""
        counts = np.bincount(self.outcomes.outcome.ravel(), minlength=len(NAMES))
        return dict(zip(NAMES, (counts / self.size**2).tolist(), strict=True))

    def facts(self) -> dict[str, Any]:
        """Return what there is to say of the map without its picture; `best` may be None."""
        outcome, steps, value = self.outcomes
        order = np.where(outcome == ENDED_THERE, steps, np.inf).ravel()
        if np.isinf(order).all():
            order = np.where(outcome == WENT_ON, value, np.inf).ravel()
        best = None  # where no lane stayed finite
        if np.isfinite(order).any():
            row, column = divmod(int(np.argmin(order)), self.size)
            best = {
                self.x.name: float(self.x.values(self.size)[column]),
                self.y.name: float(self.y.values(self.size)[row]),
                "outcome": NAMES[outcome[row, column]],
                "steps": int(steps[row, column]),
                "value": float(value[row, column]),
            }
        axes = {
            which: {
                "name": own.name, "low": own.low, "high": own.high, "scale": own.scale,
                "default": own.default,
            }
            for which, own in (("x", self.x), ("y", self.y))
        }  # fmt: skip
        return {
            "optimizer": self.optimizer, "problem": self.problem, **axes, "size": self.size,
            "steps": self.steps, "dtype": self.dtype, "target": self.target_text,
            "value": self.value_text, "shares": self.shares, "best": best, "seconds": self.seconds,
        }  # fmt: skip

    def plot(self) -> Figure:
        """Return the picture as a figure of matplotlib."""
        from optbench.maps.drawing import draw

        return draw(self)

    def save(self, path: str | Path) -> Path:
        """Write the picture as a PNG file, its pixels one to one; return the path.

        Raises
        ------
        ResultsError
            If it cannot be written there.
        """
        return _written(path, self._png())

    def save_data(self, path: str | Path) -> Path:
        """Write the arrays as an .npz file, readable by `numpy.load`; return the path.

        It has `x` and `y` [size], `outcome` (0 target, 1 neither, 2 not finite), `steps` and
        `value` [rows, columns], and `facts` as JSON.
        """
        content = io.BytesIO()
        np.savez_compressed(
            content, x=self.x.values(self.size), y=self.y.values(self.size),
            facts=json.dumps(self.facts()), **self.outcomes._asdict(),
        )  # fmt: skip
        return _written(path, content.getvalue())

    def _png(self) -> bytes:
        from optbench.maps.drawing import png

        return png(self)

    def __repr__(self) -> str:
        shares = ", ".join(f"{name} {100 * share:.3g} %" for name, share in self.shares.items())
        return (
            f"<map of {self.optimizer} on {self.problem}, {self.size} x {self.size} lanes of "
            f"{self.steps} steps: {shares}>"
        )

    def _repr_html_(self) -> str:
        picture = base64.b64encode(self._png()).decode()
        words = html.escape(repr(self), quote=True)
        return f'<img alt="{words}" style="max-width:100%" src="data:image/png;base64,{picture}">'


def map(  # the name that the package offers; it hides the built-in one in this file alone
    optimizer: str | Rule | Optimizer,
    problem: str | ProblemDefinition | NetDefinition | Problem,
    *,
    x: str = "lr",
    y: str | None = None,
    steps: int = 1000,
    size: int = 1024,
    dtype: DTypeLike = "float64",
    threads: int | None = None,
    folders: plugins.Folders = (),
) -> OutcomeMap:
    """Run a lane for each pixel of a square, and return how each ended.

    Parameters
    ----------
    optimizer : str, Rule or Optimizer
        A name ("momentum"), a name with settings ("adam[beta1=0.8]") or an object.
    problem : str, definition or Problem
        With perturbations in brackets too: "rosenbrock[noise=0.1]".
    x, y : str
        The axes: a hyperparameter of the rule, of a wrapper or of the schedule that is on, or
        ``x[0]``, ``x[1]``: a coordinate of the start. ``name=low:high`` gives a range; without one
        it is the search range, or the problem's box. By default y is the first hyperparameter
        beside x that is searched.
    steps : int
        Of each lane, if it neither reaches the target nor leaves the finite.
    size : int
        Pixels along each side.
    dtype : {"float64", "float32"}
    threads : int, optional
        By default the number of processors.
    folders : path or sequence of path
        Folders with definitions of the user's own.

    Returns
    -------
    OutcomeMap

    Raises
    ------
    UserError
        If a name, a range or a count is wrong, or it would take more than this machine has.

    Examples
    --------
    >>> import optbench
    >>> drawn = optbench.map("momentum", "rosenbrock", size=32, steps=200)
    >>> drawn.shares["not finite"] > 0.3
    True
    """
    if not isinstance(problem, Problem):
        problem = finding.problem(problem, folders=folders)
    chosen = compose.optimizer(optimizer, folders)
    steps = gate.whole("steps", steps, low=1)
    size = gate.whole("size", size, low=2, high=LARGEST)
    threads = threads_of(threads)
    check_budget(problem.definition, steps)
    label = chosen.label
    chosen, across = with_axis(chosen, problem, x)
    chosen, up = with_axis(chosen, problem, _second(chosen, across) if y is None else y)
    if across.name == up.name:
        raise SettingError(f"both axes are {across.name}: give two")
    ranges = [name for name in chosen.searched_by_hand if name not in (across.name, up.name)]
    setting_checks.refuse_ranges(label, ranges)
    asked = Asked(chosen, problem, across, up, size, steps, gate.precision(dtype), threads)
    asked.cost().refuse(f"a map of {label} on {problem.label}", f"size ({size}) or steps ({steps})")
    began = time.perf_counter()
    (outcomes, start), f_ref = compute(asked), reference(problem).value
    value_text = "training loss" if problem.kind == "net" else "f - f_ref at the end"
    if np.isnan(f_ref) and problem.kind != "net":
        least = outcomes.value.min()
        outcomes, start = outcomes._replace(value=outcomes.value - least), start - float(least)
        value_text = "f - least f of the map"
    return OutcomeMap(
        label, problem.label, across, up, outcomes, size, steps, asked.dtype,
        asked.success.text, value_text, start, f_ref, time.perf_counter() - began,
    )  # fmt: skip


def _second(optimizer: Optimizer, first: Axis) -> str:
    """Return the first hyperparameter beside the first axis that is searched."""
    for name, allowed in optimizer.hyper.items():
        if name != first.name and isinstance(allowed, Range) and allowed.search is not None:
            return name
    raise SettingError(
        f"{optimizer.label} has no searched hyperparameter beside {first.name}: give y, such as "
        "a coordinate of the start, x[0], or a wrapper's, clip_norm"
    )


def _written(path: str | Path, content: bytes) -> Path:
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(content)
    except OSError as error:
        raise ResultsError(f"{path} cannot be written: {error.strerror or error}") from None
    return Path(path)
