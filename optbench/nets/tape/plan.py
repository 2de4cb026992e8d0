"""Planning a tape: layers append records, and places in `params`, `work` and `q` follow.

What is not known before the whole net is there (who else takes a value, where a table comes to lie)
stands in the records as a `Later` and is filled in by `finishing`.
"""

import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.errors import SettingError
from optbench.nets import packing
from optbench.nets.layers.tensor import Tensor
from optbench.nets.tape.operations import NUMBERS
from optbench.nets.tape.values import Field, Later, Part, Placed, Planned, Record, Value


@dataclass
class Tape:
    """A tape that is being planned.

    Parameters
    ----------
    rows : int
        Examples that the buffers hold.
    buffers : packing.Buffers
        What hands out places in `work`.
    ghost_batch : int
        Examples that share their batch statistics in training; 0: all of them.

    Attributes
    ----------
    records : list of Record
    placed : dict of str to Placed
        The tensors by their keys, in order.
    names : list of (int, str, str)
        (layer, name to show, key) of all tensors of all layers.
    kept : list of (int, int)
        (place, length) of all running statistics.
    outputs : list of Value
        What the layers of the net give.
    frozen : collection of str
        Keys of the tensors whose gradient nobody wants; not all of them.
    parts : list of Part
        All layers, those inside of a layer before it.
    errors : dict of Value to int
        Once the tape is finished: where dLoss/d(value) is, -1 where nobody wants it.
    table_starts : list of int
        Once the tape is finished: where in `q` its tables begin.
    """

    rows: int
    buffers: packing.Buffers
    ghost_batch: int = 0
    records: list[Record] = field(default_factory=list)
    placed: dict[str, Placed] = field(default_factory=dict)
    set_tensors: set[str] = field(default_factory=set)
    kept: list[tuple[int, int]] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    frozen: frozenset[str] = frozenset()
    tables: list[NDArray[np.int64]] = field(default_factory=list)
    errors: dict[Value, int] = field(default_factory=dict)
    table_starts: list[int] = field(default_factory=list)
    names: list[tuple[int, str, str]] = field(default_factory=list)
    path: tuple[str, ...] = ()
    shown_path: tuple[str, ...] = ()
    layer: int = 0
    count: int = 0
    dropouts: int = 0
    _tensors: list[str] = field(default_factory=list)
    _own: list[str] = field(default_factory=list)

    # ------------------------------------------------------------------ what layers call

    def buffer(self, length: int = 0, *, per_row: int = 0) -> int:
        """Return where in `work` a new buffer of ``length + per_row * rows`` numbers begins."""
        return self.buffers.take(length + per_row * self.rows)

    @property
    def ghosts(self) -> int:
        """How many ghost batches the rows have at most."""
        return -(-self.rows // self.ghost_batch) if self.ghost_batch else 1

    def drop_count(self, p: float) -> int:
        """Return a drop probability as records have it."""
        return round(p * packing.DROP_SCALE)

    def dropout_number(self) -> int:
        """Return the number of one more dropout of the net: 1, 2, ..."""
        self.dropouts += 1
        return self.dropouts

    def keep(self, length: int) -> int:
        """Return a new buffer of running statistics, which belong to a point of the parameters."""
        self.kept.append((self.buffer(length), length))
        return self.kept[-1][0]

    def table(self, array: ArrayLike) -> Later:
        """Add integers to `q`; return their place in it, as a field of a record."""
        number = len(self.tables)
        self.tables.append(np.asarray(array, np.int64).ravel())
        return Later(lambda: self.table_starts[number])

    def parameter(self, tensor: Tensor) -> int:
        """Return where in `params` a tensor of the layer begins; the next record is its user."""
        key = ".".join((*self.path, tensor.name))
        if key not in self.placed:
            place = sum(packing.padded(one.tensor.size) for one in self.placed.values())
            self.placed[key] = Placed(key, self.layer, tensor, place)
        elif self.placed[key].tensor != tensor:
            raise SettingError(
                f"{key} has shape {self.placed[key].tensor.shape} where it comes first and "
                f"{tensor.shape} here; shared layers must be alike and take inputs of one shape"
            )
        name = (self.layer, ".".join((*self.shown_path[1:], tensor.name)), key)
        if name not in self.names:
            self.names.append(name)
        self._tensors.append(key)
        self._own.append(key)
        return self.placed[key].place

    def later_use(self, tensor: Tensor) -> Later:
        """Return the field that says whether a later record uses a tensor too.

        The operation then sets the gradient of the tensor instead of adding to it, unless
        `records.adds_to` says otherwise.
        """
        key, mine = ".".join((*self.path, tensor.name)), self.count
        self.set_tensors.add(key)
        return Later(lambda: int(any(key in later.tensors for later in self.after(mine))))

    def record(
        self,
        operation: str,
        value: Value,
        shape: Sequence[int],
        own: Iterable[Field] = (),
        *,
        others: Sequence[Value] = (),
        lengths: int | None = None,
    ) -> Value:
        """Append a record and return the value that it gives.

        Parameters
        ----------
        operation : str
            One of `operations.NAMES`.
        value : Value
            Its input.
        shape : sequence of int
            Of one example of its output.
        own : sequence of int or Later
            The operation's own fields.
        others : sequence of Value
            Further inputs; `error_place` and `error_adds` say where their gradients go.
        lengths : int, optional
            Of the output; by default those of the input.
        """
        shape = tuple(map(int, shape))
        kept = value.lengths if lengths is None else lengths
        place = self.buffer(per_row=math.prod(shape))
        output = Value(place, shape, kept, self.count + 1)
        tensors, self._tensors = tuple(self._tensors), []
        self.records.append(
            Record(self.count, NUMBERS[operation], (value, *others), output, list(own), tensors)
        )
        self.count += 1
        return output

    def reshaped(self, value: Value, shape: Sequence[int], lengths: int = 0) -> Value:
        """Return a value in another shape of as many numbers: no record is needed."""
        return dataclasses.replace(value, shape=tuple(map(int, shape)), lengths=lengths)

    def error_place(self, value: Value) -> Later:
        """Return the field of where dLoss/d(value) goes, -1 where nobody wants it."""
        return Later(lambda: self.errors[value])

    def error_adds(self, value: Value) -> Later:
        """Return the field that says whether the next record adds to dLoss/d(value)."""
        mine = self.count
        return Later(lambda: int(any(value in later.inputs for later in self.after(mine))))

    def after(self, number: int) -> list[Record]:
        """Return the records after one, given its number."""
        return [record for record in self.records if record.number > number]

    def add(self, layer: Planned, value: Value) -> Value:
        """Append a layer of the net, or one inside of a layer (see `inside`)."""
        try:
            layer.output(value.shape)
            outer, self._own = self._own, []
            output = layer.add_to(self, value)
            own, self._own = tuple(dict.fromkeys(self._own)), outer
            self.parts.append(Part(self.shown_path, layer, own, value, output))
            return output
        except SettingError as error:
            if getattr(error, "located", False):
                raise
            place = ".".join(self.shown_path)
            located = SettingError(f"layer {place}, {layer.shown()}: {error}")
            located.located = True  # type: ignore[attr-defined]
            raise located from error

    @contextmanager
    def inside(self, *path: str) -> Iterator[None]:
        """Name the tensors of what follows by a path below this one."""
        before = self.path, self.shown_path
        self.path, self.shown_path = (*self.path, *path), (*self.shown_path, *path)
        try:
            yield
        finally:
            self.path, self.shown_path = before

    @contextmanager
    def shared(self, name: str) -> Iterator[None]:
        """Name the tensors of what follows alike wherever the name is the same."""
        before, self.path = self.path, ("shared", name)
        try:
            yield
        finally:
            self.path = before
