"""One layer by itself: its operations on NumPy arrays, forward and back."""

from types import SimpleNamespace

import numpy as np

from optbench.nets.tape.modes import ONE_BATCH
from optbench.nets.tape.operations import operation
from optbench.nets.tape.plan import Tape
from optbench.nets.tape.records import D_OUT, OP, OUT

MORE = 3
"""Rows that the buffers hold beyond those that are run."""


class Single:
    """A layer with parameters, on examples of one shape.

    Attributes
    ----------
    params : array [P]
        Random.
    tensors : dict of str to array
        Views of it as torch shows them.
    """

    def __init__(self, layer, shape, rows, lengths=False, seed=0, dtype="float64"):
        self.rows, self.shape, self.dtype = rows, shape, dtype
        tape = Tape(rows + MORE)
        place = tape.buffer(per_row=int(np.prod(shape)))
        self.lengths_at = tape.buffer(per_row=1) if lengths else 0
        from optbench.nets.tape.plan import Value

        value = Value(place, shape, self.lengths_at)
        self.output = layer.add_to(tape, value)
        errors = {
            self.output: tape.buffer(per_row=self.output.size),
            value: tape.buffer(per_row=value.size),
        }
        tape._place_errors = lambda: errors
        starts, integers, tables = tape.finish(0)
        self.q = np.array([*starts, *integers, *tables], np.int64)
        self.record, self.size = starts[0], tape.start
        self.input_at, self.errors = place, errors[value]
        self.placed = tape.placed
        dim = sum(-(-one.tensor.size // 64) * 64 for one in tape.placed.values())
        rng = np.random.default_rng(seed)
        self.params = np.zeros(dim, dtype)
        self.tensors = self.show(self.params)
        for tensor in self.tensors.values():
            tensor[...] = rng.standard_normal(tensor.shape) / np.sqrt(tensor.shape[-1])

    def show(self, params):
        """Return views of all tensors by name."""
        shown = {}
        for one in self.placed.values():
            tensor = params[one.place : one.place + one.tensor.size].reshape(one.tensor.shape)
            shown[one.tensor.name] = tensor.transpose(one.tensor.axes or range(tensor.ndim))
        return shown

    def run(self, X, D=None, lengths=None, first=True, adds=None, params=None):
        """Return outputs, and gradients if dLoss/d(outputs) is given.

        `adds` is what is in dLoss/d(input) already, if it is to be added to.
        """
        work = np.full(self.size, np.nan, self.dtype)
        params = self.params if params is None else params
        grads = np.zeros_like(params) if first else np.ones_like(params)
        n, q, r = self.rows, self.q.copy(), self.record
        work[self.input_at : self.input_at + X.size] = X.ravel()
        if lengths is not None:
            work[self.lengths_at : self.lengths_at + n] = lengths
        call, key = operation(q[r + OP]), np.zeros(1, np.uint64)
        call.forward(params, q, work, r, n, ONE_BATCH, 0, key)
        shape = (n, *self.output.shape)
        outputs = work[q[r + OUT] :][: n * self.output.size].reshape(shape).copy()
        if D is None:
            return SimpleNamespace(outputs=outputs)
        from optbench.nets.tape.records import D_ADDS, D_IN

        q[r + D_IN], q[r + D_ADDS] = self.errors, adds is not None
        errors = work[self.errors : self.errors + X.size].reshape(X.shape)
        if adds is not None:
            errors[...] = adds
        work[q[r + D_OUT] :][: D.size] = D.ravel()
        call.backward(params, grads, q, work, r, n, ONE_BATCH, 0, key, 1 if first else 0)
        return SimpleNamespace(outputs=outputs, errors=errors, grads=self.show(grads), flat=grads)
