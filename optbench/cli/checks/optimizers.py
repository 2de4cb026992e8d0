"""Laws that hold for every update rule, the user's own included: one function a law.

A law takes an `Optimizer`; see `running.Checks`. The tests and ``optbench check`` call the same
functions.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from optbench.catalog import finding as catalog
from optbench.catalog.instance import Floats, Problem
from optbench.cli.checks.findings import NotApplicableError, Report, WrongError
from optbench.cli.checks.running import Checks
from optbench.kernels.authors import blocks
from optbench.lanes.fed_lane import FedLane, State
from optbench.lanes.guests import running
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.pool import Unit
from optbench.lanes.replaying import replay as replay_flat
from optbench.lanes.simulating import simulate
from optbench.lanes.units import feeder_unit, rule_units, units_of
from optbench.rules.compose import Optimizer

DIM, STEPS = 6, 100
PERMUTED = 1e-12
"""How well permuted runs agree: sums over coordinates are taken in another order."""
SINGLE = 1e-3
"""How well float32 agrees with float64 after 100 steps."""
RATES = (-6, 1)
"""Powers of ten of the rates with which a rule is to go down a bowl, the smallest first."""
PENALTIES = ("l1", "l2", "l1_prox")
"""Settings whose gradient moves a point at rest; they are off where it must stay."""


def random_gradients(
    steps: int = STEPS, dim: int = DIM, seed: int = 0, evaluations: int = 1
) -> tuple[Floats, Floats, Floats]:
    """Return random gradients [T, d] of different scales, values [T] that fall, and a start [d]."""
    rng = np.random.default_rng(seed)
    count = steps * evaluations
    gradients = rng.standard_normal((count, dim)) * 10.0 ** rng.uniform(-1, 1, dim)
    values = 1.0 + 3.0 * np.exp(-np.arange(count) / 20.0) + 0.1 * rng.uniform(size=count)
    return gradients, values, rng.standard_normal(dim)


def replay(optimizer: Optimizer, gradients: Floats, start: Floats, **options: Any) -> Any:
    """Replay, for matrix rules on a matrix of two rows and a vector."""
    if optimizer.rule.matrix:
        columns = (len(start) - 1) // 2
        options["shape"] = [(2, columns), (len(start) - 2 * columns,)]
    return replay_flat(optimizer, gradients, start, **options)


def distance(points: Floats, expected: Floats) -> float:
    """Largest |points - expected|, relative to |expected| plus its root mean square in time."""
    scale = np.abs(expected) + np.sqrt(np.mean(expected**2, axis=0))
    return float(np.max(np.abs(points - expected) / scale))


def _wrong(optimizer: Optimizer, text: str) -> WrongError:
    return WrongError(f"{optimizer.rule.place}: {optimizer.label}: {text}")


def _gradients_for(
    optimizer: Optimizer, steps: int = STEPS
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    return random_gradients(steps, evaluations=optimizer.evaluations)


def runs(optimizer: Optimizer) -> str:
    """A hundred steps by random gradients, with the default settings, stay finite and move x."""
    gradients, values, start = _gradients_for(optimizer)
    points = replay(optimizer, gradients, start, values=values)
    broken = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if broken.size:
        raise _wrong(
            optimizer,
            f"x is not finite after {broken[0]} gradients of size 0.1 to 10: keep denominators "
            "away from 0",
        )
    if np.array_equal(points[-1], points[0]):
        how = "return the new x first"
        if not optimizer.compiled:
            how = "a step of torch changes parameters in place, one of optax returns updates"
        raise _wrong(optimizer, f"x never moves: {how}")
    return f"x moves by {np.linalg.norm(points[-1] - points[0]):.3g} in {STEPS} steps"


def _valley() -> Problem:
    """Return where lanes are to stand still."""
    return catalog.problem("rosenbrock", dim=5)


def rate_zero(optimizer: Optimizer) -> str:
    """With lr = 0 a lane stands still."""
    if optimizer.rule.matrix:
        raise NotApplicableError("the valley is no matrix")
    problem = _valley()
    starts = np.random.default_rng(0).uniform(-2, 2, (3, 5))
    lanes = LaneInputs(starts, problem.keys(range(3)), np.zeros(3))
    outcome = simulate(problem, optimizer, lanes, Job(steps=20))
    if not np.array_equal(outcome.x, starts):
        moved = np.abs(outcome.x - starts).max()
        raise _wrong(optimizer, f"with lr = 0 it moves x by {moved:.3g}: multiply the step by lr")
    return "x stays"


def at_rest(optimizer: Optimizer) -> str:
    """Zero gradients from the first step on leave x where it is, or shrink it (decay)."""
    if "noise_eta" in optimizer.hyper:
        raise NotApplicableError("noise moves a point at rest")
    off = {name: 0.0 for name in PENALTIES if name in optimizer.hyper}
    start = np.array([1.0, -2.0, 0.0, 1e-30, 1e6])
    count, text = 6 * optimizer.evaluations, "x stays"
    for points in ("reported", "query"):
        path = replay(optimizer, np.zeros((count, 5)), start, points=points, **off)
        factors = (path[-1] / np.where(start == 0.0, 1.0, start))[start != 0.0]
        # The last number is a vector by itself to matrix rules, whose decay may hang on the shape.
        alike = factors[:-1] if optimizer.rule.matrix else factors
        decays = np.ptp(alike) <= 1e-12 and ((factors >= 0.0) & (factors < 1.0)).all()
        if decays and path[-1, 2] == 0.0:
            text = f"x shrinks by 1 - {1.0 - factors[0]:.3g} in 6 steps (decay)"
        elif not np.array_equal(path, np.tile(start, (count + 1, 1))):
            raise _wrong(
                optimizer,
                f"it moves from {start.tolist()} to {path[-1].tolist()} by gradients of 0"
                + (" (a 0 / 0?)" if np.isnan(path).any() else ""),
            )
    return text


def permutation(optimizer: Optimizer) -> str:
    """Coordinates in another order give the same points in another order."""
    if "noise_eta" in optimizer.hyper:
        raise NotApplicableError("draws are numbered by coordinate")
    if optimizer.rule.matrix:
        raise NotApplicableError("the coordinates of a matrix have rows and columns")
    gradients, values, start = _gradients_for(optimizer, steps=30)
    order = np.random.default_rng(1).permutation(DIM)
    plain = replay(optimizer, gradients, start, values=values)
    permuted = replay(optimizer, gradients[:, order], start[order], values=values)
    off = distance(permuted, plain[:, order])
    if not off <= PERMUTED:
        raise _wrong(
            optimizer, f"permuted coordinates give other points (they differ by {off:.1e})"
        )
    return "the same points" if off == 0.0 else f"the same points to {off:.1e}"


def restored(optimizer: Optimizer) -> str:
    """A run that is stopped and restored equals an unbroken one, byte for byte."""
    if not optimizer.compiled:
        raise NotApplicableError("its state stays in it")
    gradients, values, start = _gradients_for(optimizer, steps=20)
    whole, end = replay(optimizer, gradients, start, values=values, return_state=True)
    for cut in (1, 7 * optimizer.evaluations):
        head, state = replay(
            optimizer, gradients[:cut], start, values=values[:cut], steps=20, return_state=True
        )
        tail, last = replay(
            optimizer, gradients[cut:], start, values=values[cut:], state=state, return_state=True
        )
        same = head.tobytes() + tail[1:].tobytes() == whole.tobytes()
        if not same or state_bytes(last) != state_bytes(end):
            raise _wrong(
                optimizer,
                f"stopped after {cut} gradients and restored, it goes elsewhere: keep all memory "
                "in `state` and `lane_state`",
            )
    return "equals an unbroken run, byte for byte"


def state_bytes(state: State) -> tuple[int, list[bytes]]:
    """Return the bytes of a `State`, for comparison."""
    arrays = [state.x, *state.state.values(), *state.lane_state.values(), state.memory]
    return state.evaluations, [np.asarray(a).tobytes() for a in arrays]


def single_precision(optimizer: Optimizer) -> str:
    """In float32 the points are those of float64 after a hundred steps."""
    gradients, values, start = _gradients_for(optimizer)
    double = replay(optimizer, gradients, start, values=values)
    single = replay(optimizer, gradients, start, values=values, dtype="float32")
    off = distance(single, double)
    if not off <= SINGLE:
        raise _wrong(
            optimizer,
            f"after {STEPS} steps float32 differs from float64 by {off:.1e}: avoid differences of "
            "large numbers, and powers that leave the range of float32",
        )
    return f"agrees with float64 to {off:.1e} after {STEPS} steps"


def descends(optimizer: Optimizer) -> str:
    """With a small enough rate it goes down on a bowl: f is less than at the start in the end."""
    low, high = (10.0**power for power in RATES)
    allowed = optimizer.hyper["lr"] if "lr" in optimizer.hyper else None
    grid = np.geomspace(low, high, RATES[1] - RATES[0] + 1)
    rates = [rate for rate in grid if allowed is not None and rate in allowed]
    ends = []
    for rate in rates or [optimizer.lr]:
        tried = optimizer.with_settings(lr=rate) if allowed is not None else optimizer
        first, last = _ends_on_a_bowl(tried)
        if last < first:
            return f"with lr = {rate:g} f falls from {first:.6g} to {last:.6g} on a bowl"
        ends.append(f"{last:.3g} with lr = {rate:g}")
    raise _wrong(
        optimizer,
        f"it goes uphill on a bowl, where f = {first:.3g} at the start, whatever the rate: f = "
        f"{ends[0]}, {ends[-1]} after {STEPS} steps; is the sign of the step right?",
    )


def _ends_on_a_bowl(optimizer: Optimizer) -> tuple[float, float]:
    """Return f = sum of curvature x^2 / 2 at the start and where a run ends."""
    curvatures = np.geomspace(0.5, 2.0, DIM)
    start = np.array([1.0, -2.0, 0.5, 3.0, -1.0, 2.0])
    shape = [(2, 2), (2,)] if optimizer.rule.matrix else None
    count = STEPS * optimizer.evaluations
    lane = FedLane(optimizer, start, count=count, shapes=shape)
    for _ in range(count):
        x = lane.point("query")
        lane.feed_one(curvatures * x, float(0.5 * curvatures @ (x * x)))
    values = [0.5 * curvatures @ (x * x) for x in (start, lane.point("reported"))]
    first, last = np.where(np.isfinite(values), values, np.inf).tolist()
    return first, last


def lanes(optimizer: Optimizer) -> str:
    """Whether the rule runs in SIMD, and what keeps it from it."""
    if not optimizer.compiled:
        return f"in Python: {running.how_lanes_run(optimizer)}"
    layout = optimizer.layout()
    width = blocks.rule_block(layout, np.float64).lanes
    if optimizer.rule.matrix:
        return "a tensor at a time"
    if width > 1:
        return f"{width} lanes at once"
    return f"lane by lane: {blocks.rule_obstacle(layout, np.float64)}"


def _units(optimizer: Optimizer) -> Iterator[Unit]:
    """Yield what the laws compile."""
    for dtype in (np.float64, np.float32):
        yield feeder_unit(dtype)
        yield from rule_units(optimizer, dtype)
    if not optimizer.rule.matrix:
        yield from units_of(_valley(), optimizer, np.float64)


LAWS: Checks[Optimizer] = Checks(
    kind="optimizer",
    functions={
        "runs": runs,
        "lr = 0": rate_zero,
        "at rest": at_rest,
        "permutation": permutation,
        "restored": restored,
        "float32": single_precision,
        "downhill": descends,
        "SIMD": lanes,
    },
    first=("runs",),
    units=_units,
)


def report(optimizer: Optimizer) -> Report:
    """Return the `Report` of all laws on an optimizer."""
    return LAWS.report(optimizer, optimizer.label, optimizer.rule.place)
