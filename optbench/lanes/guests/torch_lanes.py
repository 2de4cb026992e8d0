"""Optimizers of torch: an object a lane, or one for all lanes of a setting where that is the same.

An optimizer that takes each number by itself has all lanes of a setting in one tensor, which costs
it no more than one lane: a step of torch takes microseconds, however few numbers it moves. Whether
it does is tried out (see `takes_each_by_itself`). Lanes of other settings, those of another rate
too, have objects of their own, since torch's rates are numbers.
"""

import contextlib
import functools
import importlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from optbench.errors import UserCodeError
from optbench.kernels.cpu.python_rule import Step
from optbench.kernels.memory.calls import RuleCall
from optbench.lanes.guests.columns import Columns, Reals, same_settings
from optbench.rules.compose import Optimizer
from optbench.rules.guests.finding import failed
from optbench.rules.guests.making import made_of_torch, set_values
from optbench.rules.guests.rule import GuestRule

WHOLE_BYTES = 128
"""Lanes in one tensor begin at multiples of it: all are then moved by the same instructions."""
TRIED_STEPS = 12
TRIED_SCALES = (1.0, 1e4, 0.0, 1e-6)
"""Of the gradients of lanes on which an optimizer is tried out."""


def begin(optimizer: Optimizer, call: RuleCall, across: bool) -> Step:
    """Return what steps the lanes of a block that is at its start."""
    rule = optimizer.rule
    assert isinstance(rule, GuestRule)
    columns = Columns.of(call, across, optimizer)
    dtype = call.x.dtype
    plain = not across and len(columns.shapes) == 1 and len(columns.shapes[0]) == 1
    start, members = columns.read(call.x), []
    for lanes in same_settings(columns):
        setting = columns.settings[lanes[0]]
        joined = plain and joins(rule, setting, dtype)
        members += [
            (own, TensorLanes(rule, setting, columns, start[own], joined))
            for own in ([lanes] if joined else lanes[:, np.newaxis])
        ]
    scheduled = bool(call.moving[0]) or bool((columns.factors(call, 0) != 1).any())

    def step(call: RuleCall, t: int) -> None:
        x, g = columns.read(call.x), columns.read(call.g)
        factors = columns.factors(call, t) if scheduled else None
        alive = np.isfinite(call.f[columns.first])
        for own, tensors in members:
            if not alive[own].any():
                continue  # the driver has ended them, or is about to
            if factors is not None:
                tensors.set_rate(float(factors[own[0]]))
            x[own] = tensors.step(x[own], g[own], t)
        if call.y is not call.x:
            call.y[:] = call.x
        columns.write(x, call.y)

    return step


def joins(rule: GuestRule, setting: Mapping[str, Any], dtype: np.dtype) -> bool:
    """Say whether lanes of a setting on a surface are one tensor, whatever their rate."""
    others = {name: value for name, value in setting.items() if name != "lr"}
    return takes_each_by_itself(rule, set_values(others), dtype)


class TensorLanes:
    """An optimizer and the parameters that it moves: of one lane, or of several in one tensor.

    Parameters
    ----------
    rule : GuestRule
    setting : dict of str to float
    columns : Columns
    start : ndarray [lanes, d]
    joined : bool
        Whether all numbers of all lanes are one vector; a lane is padded then, alone too, so that
        no lane's bytes tell how many were beside it.
    """

    def __init__(
        self, rule: GuestRule, setting: Mapping[str, Any], columns: Columns, start: Reals,
        joined: bool,
    ) -> None:  # fmt: skip
        torch: Any = importlib.import_module("torch")
        count, size = start.shape
        self.rule, self.size = rule, size
        whole = WHOLE_BYTES // start.itemsize
        width = -(-size // whole) * whole if joined else size
        self.numbers, self.slopes = np.zeros((2, count, width), start.dtype)
        self.numbers[:, :size] = start  # it may look at it when it is made
        if joined:
            parts: Sequence[Any] = [(slice(0, count * width), (count * width,))]
        else:
            ends = zip(columns.offsets[:-1], columns.offsets[1:], strict=True)
            parts = [(slice(*end), shape) for end, shape in zip(ends, columns.shapes, strict=True)]
        x, g = torch.from_numpy(self.numbers.reshape(-1)), torch.from_numpy(self.slopes.reshape(-1))
        self.own = [torch.nn.Parameter(x[part].view(shape)) for part, shape in parts]
        self.places = [(one.data_ptr(), one.data) for one in self.own]
        self.gradients = [g[part].view(shape) for part, shape in parts]
        self.optimizer = made_of_torch(rule, self.own, setting)
        self.rates = [group["lr"] for group in self.optimizer.param_groups]
        self.factor = 1.0

    def set_rate(self, factor: float) -> None:
        """Multiply the rate by the factor of a step, in place of the one before."""
        if factor == self.factor:
            return
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            if group["lr"] != rate * self.factor:
                raise UserCodeError(
                    f"{self.rule.name}: it changes its rate itself, as a schedule of torch in its "
                    f"step does; leave our schedule out ({self.rule.place})"
                )
            group["lr"] = rate * factor
        self.factor = factor

    def step(self, x: Reals, g: Reals, t: int) -> Reals:
        """Return the points after a step from x with gradients g, all [lanes, d]."""
        self.numbers[:, : self.size], self.slopes[:, : self.size] = x, g
        for parameter, gradient in zip(self.own, self.gradients, strict=True):
            parameter.grad = gradient
        try:
            self.optimizer.step()
        except Exception as error:
            raise failed(self.rule.name, f"step {t + 1}", error, self.rule.file) from error
        self._take_back(t)
        points: Reals = self.numbers[:, : self.size]
        return points

    def _take_back(self, t: int) -> None:
        """Copy parameters that were given other memory to where they are read."""
        for parameter, (place, memory) in zip(self.own, self.places, strict=True):
            if parameter.data_ptr() == place:
                continue
            if parameter.dtype != memory.dtype or parameter.shape != memory.shape:
                raise UserCodeError(
                    f"{self.rule.name}: step {t + 1} has made a parameter {parameter.dtype} "
                    f"{list(parameter.shape)}; expected {memory.dtype} {list(memory.shape)}, as it "
                    f"was ({self.rule.place})"
                )
            memory.copy_(parameter.data)
            parameter.data = memory


@functools.lru_cache(maxsize=256)
def takes_each_by_itself(
    rule: GuestRule, setting: tuple[tuple[str, Any], ...], dtype: np.dtype
) -> bool:
    """Say whether lanes in one tensor get the bytes of each lane alone, on gradients at random.

    The rate is the default one. Sizes of gradients differ by ten decades, so that a norm over all
    of them shows; in the end one is not finite. Where it cannot even be made so (it wants
    matrices), it does not.
    """
    size = 5
    own = {**dict(setting), "lr": rule.hyper["lr"].default}
    lanes = np.arange(len(TRIED_SCALES))
    columns = Columns(False, ((size,),), np.arange(size), lanes, lanes, (own,) * len(lanes))
    rng = np.random.Generator(np.random.Philox(key=22))
    x = rng.standard_normal((len(TRIED_SCALES), size)).astype(dtype)
    scales = np.array(TRIED_SCALES, dtype)[:, np.newaxis]
    try:
        with np.errstate(all="ignore"), torch_in(dtype):
            together = TensorLanes(rule, own, columns, x, True)
            apart = [TensorLanes(rule, own, columns, x[i : i + 1], True) for i in lanes]
            whole = [TensorLanes(rule, own, columns, x[i : i + 1], False) for i in lanes]
            joined, single, plain = x.copy(), x.copy(), x.copy()
            for t in range(TRIED_STEPS):
                g = (rng.standard_normal(x.shape) * scales).astype(dtype)
                if t == TRIED_STEPS - 2:
                    g[1, 0] = np.inf
                joined = together.step(joined, g, t).copy()
                for i in lanes:
                    single[i] = apart[i].step(single[i : i + 1], g[i : i + 1], t)[0]
                    plain[i] = whole[i].step(plain[i : i + 1], g[i : i + 1], t)[0]
    except Exception:
        return False
    near = 64 * np.finfo(dtype).eps  # in a tensor of its own shape other instructions round it
    return joined.tobytes() == single.tobytes() and np.allclose(
        joined, plain, rtol=near, atol=near, equal_nan=True
    )


_CHANGED = threading.Condition()
_LAUNCHES: list[np.dtype] = []
"""The dtypes of all launches that are under way: one dtype at a time."""
_BEFORE: list[Any] = []
"""Threads and default dtype of torch before them."""


@contextlib.contextmanager
def torch_in(dtype: np.dtype) -> Iterator[None]:
    """Keep torch to one thread and a default dtype while lanes run; then all is as it was.

    Lanes have threads themselves. Of the default dtype are numbers that optimizers keep beside
    their tensors, such as the product of NAdam's momenta. A launch of another dtype waits.
    """
    torch: Any = importlib.import_module("torch")
    with _CHANGED:
        _CHANGED.wait_for(lambda: all(own == dtype for own in _LAUNCHES))
        if not _LAUNCHES:
            _BEFORE[:] = torch.get_num_threads(), torch.get_default_dtype()
            torch.set_num_threads(1)
            torch.set_default_dtype(getattr(torch, dtype.name))
        _LAUNCHES.append(dtype)
    try:
        yield
    finally:
        with _CHANGED:
            _LAUNCHES.remove(dtype)
            if not _LAUNCHES:
                torch.set_num_threads(_BEFORE[0])
                torch.set_default_dtype(_BEFORE[1])
            _CHANGED.notify_all()
