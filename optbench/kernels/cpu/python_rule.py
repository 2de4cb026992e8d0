"""Update rules that are Python: the compiled driver calls them as it calls compiled ones.

The driver reaches a rule by its address (see `memory.calls`). Here that is the address of a
function of Python's: it takes the interpreter's lock, sees the arrays of the block as NumPy arrays,
and hands them on. All else, gradients, noise, records and hits, stays compiled.
"""

import contextlib
import ctypes
import functools
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from optbench.kernels.memory.calls import RuleCall, call_type

Step = Callable[[RuleCall, int], None]
"""``step(call, t)`` writes the new x into ``call.y``, for all columns; t counts from 0."""
Begin = Callable[[RuleCall, bool], Step]
"""``begin(call, across)`` returns what steps a block, at its first step; see `calls.RuleCall`."""

_CALLED = ctypes.CFUNCTYPE(
    ctypes.c_int32, *[ctypes.c_void_p] * 3, *[ctypes.c_int64] * 3, use_errno=False
)
"""Numba's convention: (where the result goes, where an exception goes, arguments) -> status."""
_FINE = 0
_PACKAGE = __name__.partition(".")[0]


class PythonRule:
    """A rule of a launch, in place of a compiled `memory.calls.Block`.

    Whatever it raises ends no lane of another block, and is lost to compiled code: its own lanes
    are not finite from then on, and `watched` raises it when the launch is over.

    Parameters
    ----------
    dtype : {"float64", "float32"}
    begin : callable
        See `Begin`. Blocks run side by side in threads; each is begun and stepped in one of them.
    around : callable
        Returns the context in which blocks are stepped.
    """

    lanes, draws = 1, False

    def __init__(
        self,
        dtype: DTypeLike,
        begin: Begin,
        around: Callable[[], AbstractContextManager[Any]] = contextlib.nullcontext,
    ) -> None:
        self.dtype, self.begin, self.around = np.dtype(dtype), begin, around
        self.first_error: BaseException | None = None
        self._steps: dict[int, Step] = {}  # by thread
        self._kept: dict[int, dict[bytes, RuleCall]] = {}
        self._callback = _CALLED(self._called)  # kept: the address is of this object

    @functools.cached_property
    def address(self) -> int:
        """Where the machine code begins; it stays there as long as the rule is kept."""
        address = ctypes.cast(self._callback, ctypes.c_void_p).value
        assert address is not None
        return address

    def fresh(self) -> "PythonRule":
        """Return a rule for another launch, which knows of no error."""
        return PythonRule(self.dtype, self.begin, self.around)

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Return the context in which it is called; in the end what it raised first is raised.

        Nothing is left then that shows the arrays of blocks: their memory is used anew, or gone.
        """
        try:
            with self.around():
                yield
        finally:
            self._kept.clear()
        if self.first_error is not None:
            _clear_frames(self.first_error)
            raise self.first_error

    def _called(
        self, result: int, _exception: int, address: int, t: int, _phase: int, across: int
    ) -> int:
        finite = False
        if self.first_error is None:
            try:
                call = self._arrays(address, t)
                thread = threading.get_ident()
                if t == 0:
                    self._steps[thread] = self.begin(call, bool(across))
                self._steps[thread](call, t)
                finite = bool(np.isfinite(call.y).all())
            except BaseException as error:  # an interruption, too: nothing may leave from here
                self.first_error = self.first_error or error
        if self.first_error is not None:
            self._arrays(address, t).y.fill(np.nan)
        ctypes.c_int8.from_address(result).value = finite
        return _FINE

    def _arrays(self, address: int, t: int) -> RuleCall:
        """Return the arrays of a call; to make them takes longer than a step, so they are kept."""
        kind = call_type(RuleCall, self.dtype)
        written = ctypes.string_at(address, 8 * kind.size)
        kept = self._kept.setdefault(threading.get_ident(), {})
        if t == 0:
            kept.clear()
        if written not in kept:
            kept[written] = RuleCall(*_arrays(kind, np.frombuffer(written, np.int64).tolist()))
        call: RuleCall = kept[written]
        return call


def _clear_frames(error: BaseException | None) -> None:
    """Forget the variables of our functions on the way of an error: arrays of blocks among them.

    Those of the user's functions stay, for who looks into them with a debugger.
    """
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
                with contextlib.suppress(RuntimeError):  # it has not returned
                    frame.clear()
        error = error.__cause__ or error.__context__


def _arrays(kind: Any, words: list[int]) -> list[NDArray[Any]]:
    """Return the arrays that are written down as words, see `memory.pointers`."""
    arrays = []
    for place, dtype, (_, _, _, ndim) in zip(kind.places, kind.dtypes, kind.fields, strict=True):
        shape = tuple(words[place + 1 : place + 1 + ndim])
        size = int(np.prod(shape)) * dtype.itemsize
        if size:
            held = (ctypes.c_char * size).from_address(words[place])
            arrays.append(np.frombuffer(held, dtype).reshape(shape))
        else:
            arrays.append(np.empty(shape, dtype))
    return arrays
