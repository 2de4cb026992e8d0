"""Layers that normalise: over the batch, and over the units of an example."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optbench import gate
from optbench.errors import SettingError
from optbench.nets.layers.layer import Layer, came
from optbench.nets.layers.tensor import Tensor

if TYPE_CHECKING:
    from optbench.nets.tape.plan import Tape
    from optbench.nets.tape.values import Field, Value


def gain_and_offset(n: int) -> tuple[Tensor, Tensor]:
    """Return gamma, which starts at 1, and beta, at 0, by torch's names."""
    return (
        Tensor("weight", (n,), n, n, 1.0, "other"),
        Tensor("bias", (n,), n, n, 0.0, "other"),
    )


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Normalises each unit of the last axis over the batch and all other axes.

    ``torch.nn.BatchNorm1d(n)`` of features, ``BatchNorm2d`` of images; eps 1e-5, and running
    statistics that move by 0.1 of the way. What is used in evaluation, and ghost batches, are
    settings of the net. Where lengths are known the steps up to an example's end alone are
    normalised and counted; outputs after it are 0.

    Parameters
    ----------
    units : sequence of int, optional
        The units that are normalised, from 0; by default all.

    Notes
    -----
    Tensors: ``weight`` [n] and ``bias`` [n] of the normalised units.
    """

    units: tuple[int, ...] | Sequence[int] | None = None

    def __post_init__(self) -> None:
        if self.units is None:
            return
        units = tuple(gate.wholes("units", self.units).tolist())
        if not units or len(set(units)) < len(units):
            raise SettingError(f"units is {gate.shown(self.units)}; name at least one, each once")
        object.__setattr__(self, "units", units)

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape as it is."""
        if not shape:
            raise came(shape, "(..., units)")
        if self.units is not None and max(self.units) >= shape[-1]:
            raise SettingError(
                f"units has {max(self.units)}, but examples of shape {shape} have units 0 .. "
                f"{shape[-1] - 1}"
            )
        return shape

    def tensors(self, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Return gamma and beta."""
        return gain_and_offset(shape[-1] if self.units is None else len(self.units))

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append one record; with chosen units also one that takes them and one that puts back."""
        if self.units is None:
            return self._normalised(tape, value)
        n, k, table = value.shape[-1], len(self.units), tape.table(self.units)
        taken = tape.record("take", value, (*value.shape[:-1], k), [n, k, table])
        normal = self._normalised(tape, taken)
        own: list[Field] = [
            n,
            k,
            table,
            normal.place,
            tape.error_place(normal),
            tape.error_adds(normal),
        ]
        return tape.record("put", value, value.shape, own, others=[normal])

    def _normalised(self, tape: "Tape", value: "Value") -> "Value":
        """Append the record that normalises all units of a value."""
        n = value.shape[-1]
        gamma, beta = (tape.parameter(tensor) for tensor in gain_and_offset(n))
        statistics = [tape.buffer(tape.ghosts * n) for _ in range(2)]
        running = [tape.keep(n), tape.keep(n)]
        standard, sums = tape.buffer(per_row=value.size), tape.buffer(2 * n)
        steps = tape.buffer(per_row=value.size) if value.lengths else 0
        time = value.shape[0] if value.lengths else 1
        own: list[Field] = [n, gamma, beta, *statistics, *running, standard, sums, steps, time]
        return tape.record("batch_norm", value, value.shape, own)


@dataclass(frozen=True)
class LayerNorm(Layer):
    """Normalises every example over the last axis: ``torch.nn.LayerNorm(n)``, eps 1e-5.

    Notes
    -----
    Tensors: ``weight`` [n] and ``bias`` [n].
    """

    def output(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape as it is."""
        if not shape:
            raise came(shape, "(..., units)")
        return shape

    def tensors(self, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
        """Return gamma and beta."""
        return gain_and_offset(shape[-1])

    def add_to(self, tape: "Tape", value: "Value") -> "Value":
        """Append one record."""
        n = value.shape[-1]
        gamma, beta = (tape.parameter(tensor) for tensor in self.tensors(value.shape))
        inverse = tape.buffer(per_row=value.size // n)
        standard = tape.buffer(per_row=value.size)
        own: list[Field] = [n, gamma, beta, inverse, standard]
        return tape.record("layer_norm", value, value.shape, own)
