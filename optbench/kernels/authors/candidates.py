"""Block functions that are compiled over many lanes if that works, else over one at a time."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import TypeAlias

import numba
import numpy as np
from numba.core.errors import NumbaError

from optbench.errors import DefinitionError
from optbench.kernels.compiling.explain import explained, is_from_compiler
from optbench.kernels.compiling.options import OPTIONS, entry
from optbench.kernels.memory.calls import (
    Block,
    LossCall,
    MetricsCall,
    ProblemCall,
    RuleCall,
    signature,
)
from optbench.waiting import working

Call: TypeAlias = type[ProblemCall] | type[MetricsCall] | type[RuleCall] | type[LossCall]


@dataclass(frozen=True)
class Candidate:
    """A block function that is compiled over many lanes if that works, else over one at a time.

    Attributes
    ----------
    build : callable
        From the number of lanes to the generated Python function.
    cls : NamedTuple class
        The call that it takes.
    dtype : numpy.dtype
    name, place : str
        What the author called it, and where.
    widths : tuple of int
        Lanes to compile it for, the first that works: the last is 1.
    draws : bool
        Whether it draws random numbers.
    functions : tuple of function
        The author's, for messages.
    """

    build: Callable[[int], FunctionType]
    cls: Call
    dtype: np.dtype
    name: str
    place: str
    widths: tuple[int, ...]
    draws: bool = False
    functions: tuple[FunctionType, ...] = ()

    @functools.cached_property
    def compiled(self) -> Block:
        """The compiled `Block`.

        Raises
        ------
        DefinitionError
            If it does not compile. Errors of the engine itself, or of the disk, pass as they are.
        """
        error = None
        for width in self.widths:
            try:
                function = self.build(width)
                with working(f"compiling {self.name} (once)"):
                    compiled = entry(function, signature(self.cls, self.dtype), may_fail=width > 1)
                return Block(compiled, self.cls, self.dtype, width, self.draws)
            except Exception as raised:
                if not is_from_compiler(raised):
                    raise
                error = raised
        raise DefinitionError(self._explained(error)) from error

    def _explained(self, error: Exception | None) -> str:
        return explained(error, self.place, self.name, self.functions)

    @functools.cached_property
    def obstacle(self) -> str | None:
        """Why it runs one lane at a time, with the line, or None if it need not."""
        if self.widths == (1,):
            return f"{self.place}: {self.name} takes index, which differs by lane where nets train"
        # Not from the cache: it keeps failures by content, and lines may have moved.
        dispatcher = numba.njit(**OPTIONS)(self.build(self.widths[0]))
        try:
            dispatcher.compile(signature(self.cls, self.dtype))
        except NumbaError as error:
            return self._explained(error)
        return None
