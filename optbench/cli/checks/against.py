"""``optbench check NAME --against OTHER``: whether two optimizers take the same steps."""

from collections.abc import Iterator, Mapping
from typing import Any

from optbench import gate
from optbench.cli.checks.variants import given_to_one, same_variant, unlike
from optbench.define.plugins import Folders
from optbench.errors import SettingError
from optbench.lanes.parting import (
    SIZES,
    Parting,
    alone,
    on_the_same_gradients,
    shown_steps,
    surface_for,
)
from optbench.rules import compose
from optbench.rules.compose import Optimizer

STEPS = 1000


def facts(
    name: str, other_name: str, folders: Folders, lr: str | None, steps: str | None
) -> dict[str, Any]:
    """Return how far two optimizers are apart, on the same gradients and alone; see `lines`.

    The rate is `lr`, else the first one's; where brackets set another one, that counts.

    Raises
    ------
    UserError
        If one cannot be found or run, or has a rate in brackets beside `lr`.
    """
    one = compose.optimizer(name, folders)
    other = compose.optimizer(other_name, folders)
    count = STEPS if steps is None else gate.whole("--steps", _number("--steps", steps), low=1)
    one, other = (_with_rate(each, one.lr, lr) for each in (one, other))
    fed, live = on_the_same_gradients(one, other, count), alone(one, other, count)
    variant = None if fed.same else same_variant(one, other, count)
    return {
        "optimizer": one.label, "against": other.label, "steps": count,
        "settings": {
            name: list(values)
            for name, values in (*unlike(one, other).items(), *given_to_one(one, other).items())
        },
        "same_gradients": _facts(fed),
        "alone": _facts(live) | {"problem": surface_for(one, other)},
        "same_as": None if variant is None else {"variant": variant[0], "difference": variant[1]},
        "same": fed.same and live.same,
    }  # fmt: skip


def _with_rate(optimizer: Optimizer, rate: float, asked: str | None) -> Optimizer:
    """Return an optimizer at the rate of its brackets, else at the one that is asked for."""
    if optimizer.fixed_rate is None:
        return optimizer.with_settings(lr=rate if asked is None else _number("--lr", asked))
    if asked is not None:
        raise SettingError(
            f"--lr {asked}: {optimizer.label} has a rate of its own; leave one of them out"
        )
    return optimizer


def _number(option: str, text: str) -> float:
    """Return the number that an option is given."""
    try:
        return float(text)
    except ValueError:
        raise SettingError(f"{option} {text}: expected a number") from None


def _facts(parting: Parting) -> dict[str, Any]:
    """Return what a table and sentences say of a comparison."""
    table = {
        step: float(parting.differences[step - 1].max())
        for step in shown_steps(len(parting.differences))
    }
    first = parting.first
    where: dict[str, Any] | None = None
    if first is not None:
        step, coordinate = first
        moves = [
            float(points[step, coordinate] - points[step - 1, coordinate])
            for points in parting.points
        ]
        where = {"step": step, "coordinate": coordinate + 1, "moves": moves}
    return {"largest": parting.largest, "same": parting.same, "by_step": table, "parts": where}


def lines(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines that say how far two optimizers are apart, given the `facts`."""
    fed, live = content["same_gradients"], content["alone"]
    yield f"{content['optimizer']} against {content['against']}, {content['steps']} steps, float64"
    for name, (own, theirs) in content["settings"].items():
        yield f"  settings differ: {name} = {_shown(own)} against {_shown(theirs)}"
    yield f"  {'after step':>12s}  {'same gradients':>16s}  {'on ' + live['problem']:>16s}"
    for step, difference in fed["by_step"].items():
        yield f"  {step:12d}  {difference:16.1e}  {live['by_step'][step]:16.1e}"
    yield "  (largest relative difference of a coordinate, after that step)"
    yield from _parting("the same gradients", fed, sizes=True)
    yield from _parting(live["problem"], live, sizes=False)
    if content["same"]:
        yield "  they take the same steps but for rounding"
    elif content["same_as"] is not None:
        own = content["same_as"]
        yield f"  it takes the steps of {own['variant']}, to {own['difference']:.1e}"
    elif not fed["same"]:
        yield "  none of the variants that were tried takes its steps"


def _shown(value: float | str | None) -> str:
    """Return the text of a setting."""
    if value is None:
        return "none"
    return value if isinstance(value, str) else f"{value:g}"


def _parting(where: str, own: Mapping[str, Any], sizes: bool) -> Iterator[str]:
    """Yield where two optimizers part, if they do."""
    parts = own["parts"]
    if parts is None:
        return
    size = f", whose gradients are about {SIZES[parts['coordinate'] - 1]:g}," if sizes else ""
    yield (
        f"  on {where} they part at step {parts['step']}: coordinate {parts['coordinate']}{size} "
        f"moves by {parts['moves'][0]:.10g} against {parts['moves'][1]:.10g}"
    )
