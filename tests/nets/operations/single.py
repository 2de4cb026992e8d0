"""One layer by itself: its operation on NumPy arrays, forward and back."""

from types import SimpleNamespace

import numpy as np

from optbench.nets.packing import Buffers
from optbench.nets.tape.finishing import finish
from optbench.nets.tape.modes import ONE_BATCH
from optbench.nets.tape.operations import operation
from optbench.nets.tape.plan import Tape
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, OP, OUT
from optbench.nets.tape.values import Value

MORE = 3
"""Rows that the buffers hold beyond those that are run."""


class Single:
    """A layer with random parameters, on `rows` examples of one shape.

    Attributes
    ----------
    params : array [P]
    tensors : dict of str to array
        Views of it as torch shows them.
    """

    def __init__(self, layer, shape, rows, lengths=False, dtype="float64"):
        self.rows, self.dtype = rows, dtype
        tape = Tape(rows + MORE, Buffers())
        place = tape.buffer(per_row=int(np.prod(shape)))
        self.lengths_at = tape.buffer(per_row=1) if lengths else 0
        value = Value(place, shape, self.lengths_at)
        self.output = layer.add_to(tape, value)
        self.input_at, self.errors_at = place, tape.buffer(per_row=value.size)
        starts, integers, tables = finish(tape, 0)
        self.q = np.array([*starts, *integers, *tables], np.int64)
        self.q[starts[0] + D_IN] = self.errors_at
        self.record, self.size, self.placed = starts[0], tape.buffers.size, tape.placed.values()
        rng = np.random.default_rng(0)
        self.params = np.zeros(sum(-(-one.tensor.size // 64) * 64 for one in self.placed), dtype)
        self.tensors = self.show(self.params)
        for tensor in self.tensors.values():
            tensor[...] = rng.standard_normal(tensor.shape) / np.sqrt(tensor.shape[-1])

    def show(self, params):
        """Return views of all tensors by name."""
        shown = {}
        for one in self.placed:
            tensor = params[one.place : one.place + one.tensor.size].reshape(one.tensor.shape)
            shown[one.tensor.name] = tensor.transpose(one.tensor.axes or range(tensor.ndim))
        return shown

    def forward(self, X, lengths=None):
        """Return the outputs, and the buffers; those of others hold NaN."""
        work, q, r = np.full(self.size, np.nan, self.dtype), self.q, self.record
        work[self.input_at : self.input_at + X.size] = X.ravel()
        if lengths is not None:
            work[self.lengths_at : self.lengths_at + self.rows] = lengths
        key = np.zeros(1, np.uint64)
        with np.errstate(invalid="ignore"):  # in the gaps between gates
            operation(q[r + OP]).forward(self.params, q, work, r, self.rows, ONE_BATCH, 0, key)
        end = q[r + OUT] + self.rows * self.output.size
        return work[q[r + OUT] : end].reshape(self.rows, *self.output.shape).copy(), work

    def backward(self, X, D, lengths=None, before=None):
        """Return outputs and gradients for D, dLoss/d(outputs).

        `before` is what all gradients hold already, if they are to be added to.
        """
        outputs, work = self.forward(X, lengths)
        q, r, adds = self.q.copy(), self.record, before is not None
        q[r + D_ADDS] = adds
        grads = np.full_like(self.params, before or 0.0)
        errors = work[self.errors_at : self.errors_at + X.size].reshape(X.shape)
        if adds:
            errors[...] = before
        work[q[r + D_OUT] : q[r + D_OUT] + D.size] = D.ravel()
        key = np.zeros(1, np.uint64)
        with np.errstate(invalid="ignore"):
            operation(q[r + OP]).backward(
                self.params, grads, q, work, r, self.rows, ONE_BATCH, 0, key, not adds
            )
        return SimpleNamespace(outputs=outputs, errors=errors, grads=self.show(grads), work=work)
