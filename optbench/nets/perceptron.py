"""The tape of a multilayer perceptron: its layers as records, its tensors where `packing` says.

A layer is an affine map, then normalisation, activation, dropout and the sum with its input, as far
as it has them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from optbench.nets import packing
from optbench.nets.activations import ACTIVATIONS, FROM_OUTPUT, LINEAR
from optbench.nets.architecture import BATCH_NORM, NO_NORM, Architecture, Layer
from optbench.nets.layers.activation import Activation
from optbench.nets.layers.containers import add_input
from optbench.nets.layers.dense import Dense
from optbench.nets.layers.dropout import Dropout
from optbench.nets.layers.norms import BatchNorm, LayerNorm, gain_and_offset
from optbench.nets.layers.tensor import Tensor
from optbench.nets.tape.fusing import fuse
from optbench.nets.tape.plan import Tape
from optbench.nets.tape.values import Field, Placed, Value


@dataclass
class PerceptronTape(Tape):
    """The tape of a perceptron.

    Attributes
    ----------
    operands : list of Value
        What the slope of the activation of each layer follows from.
    """

    operands: list[Value] = field(default_factory=list)


def planned(
    architecture: Architecture, ghost_batch: int, rows: int, buffers: packing.Buffers, place: int
) -> PerceptronTape:
    """Return the tape of a perceptron whose examples are at `place` in `work`."""
    layers = architecture.layers
    tape = PerceptronTape(rows, buffers, ghost_batch, placed=placed(layers))
    value = Value(place, (layers[0].n_in,))
    tape.dropouts = -1  # the masks of the input are number 0
    value = Dropout(architecture.input_dropout).add_to(tape, value)
    for number, layer in enumerate(layers, 1):
        tape.layer = number
        tape.dropouts = number - 1
        value = _add_layer(tape, number, layer, value)
        tape.outputs.append(value)
    fuse(tape)
    return tape


def placed(layers: Sequence[Layer]) -> dict[str, Placed]:
    """Return the tensors by their keys, in the order and at the places of `packing`."""
    places = packing.places(layers)
    tensors: dict[str, Placed] = {}
    for number, name, _ in packing.tensors(layers):
        path, tensor = _tensor(layers[number - 1], name)
        key = ".".join((str(number), *path, tensor.name))
        tensors[key] = Placed(key, number, tensor, places[number, name])
    return tensors


def _tensor(layer: Layer, name: str) -> tuple[tuple[str, ...], Tensor]:
    """Return the path and the tensor of a name of `packing`."""
    weight, bias = Dense(layer.n_out).tensors((layer.n_in,))
    if name in ("W", "b"):
        return (), weight if name == "W" else bias
    if name == "slope":
        return ("activation",), Activation("prelu").tensors((layer.n_out,))[0]
    return ("norm",), gain_and_offset(layer.n_out)[name == "beta"]


def _add_layer(tape: PerceptronTape, number: int, layer: Layer, value: Value) -> Value:
    """Append the records of a layer; return what it gives."""
    out = _affine(tape, number, layer, value)
    if layer.norm != NO_NORM:
        norm = BatchNorm() if layer.norm == BATCH_NORM else LayerNorm()
        with tape.inside(str(number), "norm"):
            out = norm.add_to(tape, out)
    before = out
    with tape.inside(str(number), "activation"):
        out = Activation(layer.activation).add_to(tape, out)
    tape.operands.append(out if ACTIVATIONS[layer.activation] in FROM_OUTPUT else before)
    out = Dropout(layer.dropout).add_to(tape, out)
    return add_input(tape, value, out) if layer.skip else out


def _affine(tape: Tape, number: int, layer: Layer, value: Value) -> Value:
    """Append the record of an affine map; its weights may be those of an earlier layer."""
    mine = layer.owner == number
    owned = (layer.n_out, layer.n_in) if layer.turned else (layer.n_in, layer.n_out)
    weight = Dense(owned[1]).tensors((owned[0],))[0]
    with tape.inside(str(layer.owner)):
        w, adds = tape.parameter(weight), tape.later_use(weight)
    with tape.inside(str(number if mine or layer.turned else layer.owner)):
        b = tape.parameter(Dense(layer.n_out).tensors((layer.n_in,))[1])
    own: list[Field] = [w, b, adds, layer.n_in, layer.n_out, LINEAR, layer.turned]
    return tape.record("dense", value, (layer.n_out,), own)
