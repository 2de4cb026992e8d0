"""What there is to see of the layers of a tape: those that have parameters or are activations.

Layers inside of layers are seen by themselves. An activation is seen with the layer before it that
has parameters, where both stand in the same list of layers; else by itself.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.nets.activations import ACTIVATIONS, FROM_OUTPUT, lower_slope
from optbench.nets.any_net import Watched
from optbench.nets.evaluation import Run
from optbench.nets.layers.activation import Activation
from optbench.nets.layers.recurrent import RNN
from optbench.nets.tape.plan import Tape
from optbench.nets.tape.values import Part, Value


@dataclass(frozen=True)
class Row:
    """A part with parameters, the activation that follows it, or both."""

    part: Part
    activation: Part | None = None

    @property
    def name(self) -> str:
        """The layer as the user wrote it, after its number."""
        name = f"{'.'.join(self.part.path)} {self.part.layer.shown()}"
        if self.activation is None or self.activation is self.part:
            return name
        return f"{name}, {self.activation.layer.name}"  # type: ignore[attr-defined]


def rows(tape: Tape) -> list[Row]:
    """Return the rows of a tape, in order."""
    found: list[Row] = []
    for part in tape.parts:
        if isinstance(part.layer, Activation):
            if part.layer.name == "linear":
                continue
            last = found[-1] if found else None
            if last and not last.activation and last.part.path[:-1] == part.path[:-1]:
                found[-1] = dataclasses.replace(last, activation=part)
            else:
                found.append(Row(part, part))
        elif part.keys:
            found.append(Row(part))
    return found


def weights(tape: Tape, params: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the weights of every row, one after the other: of norms their gains."""
    found = []
    for row in rows(tape):
        placed = [tape.placed[key] for key in row.part.keys]
        own = [one for one in placed if one.tensor.role == "weight"]
        own = own or [one for one in placed if one.tensor.name == "weight"]
        ranges = [params[one.place : one.place + one.tensor.size] for one in own]
        found.append(np.concatenate([*ranges, params[:0]]))
    return found


def watched(tape: Tape, run: Run, params: NDArray[Any]) -> list[Watched]:
    """Return what there is to see of every row after a run forward on that tape.

    The activation of an `RNN` is its tanh, whose slopes follow from what it gives.
    """
    found = []
    for number, row in enumerate(rows(tape), 1):
        if row.activation:
            layer, part = row.activation.layer, row.activation
            kind, low = layer.name, _low(tape, part, params)  # type: ignore[attr-defined]
            source = part.output if ACTIVATIONS[kind] in FROM_OUTPUT else part.before
            seen = Watched(
                number, row.name, _outputs(run, part.output), kind, low, _outputs(run, source)
            )
        else:
            outputs = _outputs(run, row.part.output)
            seen = Watched(number, row.name, outputs)
            if isinstance(row.part.layer, RNN):
                seen = seen._replace(activation="tanh", operands=outputs)
        found.append(seen)
    return found


def _low(tape: Tape, part: Part, params: NDArray[Any]) -> float:
    """Return the slope below 0 of an activation that is two straight lines, else 0."""
    learnt = [float(params[tape.placed[key].place]) for key in part.keys]
    return lower_slope(part.layer.name, *learnt)  # type: ignore[attr-defined]


def _outputs(run: Run, value: Value) -> NDArray[Any]:
    """Return a value as rows of units, the last axis; steps after an example's end are left out."""
    outputs = run.work[value.place : value.place + run.rows * value.size]
    outputs = outputs.reshape(run.rows, *value.shape)
    if value.lengths and len(value.shape) > 1:
        lengths = run.work[value.lengths : value.lengths + run.rows]
        return outputs[np.arange(value.shape[0]) < lengths[:, None]]
    return outputs.reshape(-1, value.shape[-1]).copy()
