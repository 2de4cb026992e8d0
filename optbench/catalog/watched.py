"""The point and the gradient as plain Python sees them in a check: arrays that tell on misuse.

They are what compiled code has: single numbers by whole index, and a length. Reading beyond the
end, which compiled code does in silence, is an error here, and so is all that NumPy's arrays can
do and compiled code cannot (loops over them, slices, arithmetic of all coordinates at once).
"""

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

LOOP = "write for i in range(len({0})): ... {0}[i]"


class MisuseError(Exception):
    """What author code did; the message is the rest of a sentence about it."""


class EnoughError(BaseException):
    """So many numbers were read or written that the rest is not worth waiting for."""


class Watched:
    """Coordinates by index.

    Parameters
    ----------
    name : str
        What the author calls it.
    values : ndarray [d]
        Read and written in place.
    writable : bool
    most : int, optional
        Reads and writes after which `EnoughError` is raised.
    """

    def __init__(
        self, name: str, values: NDArray[np.float64], writable: bool, most: int | None = None
    ) -> None:
        self._name, self._values, self._writable = name, values, writable
        self._remaining = most

    @property
    def shape(self) -> tuple[int, ...]:
        """As an array's."""
        return self._values.shape

    @property
    def size(self) -> int:
        """The number of coordinates."""
        return self._values.size

    def __len__(self) -> int:
        return self._values.size

    def __getitem__(self, index: Any) -> Any:
        return self._values[self._checked(index)]

    def __setitem__(self, index: Any, value: Any) -> None:
        if not self._writable:
            raise MisuseError(f"changes {self._name}, which it may only read: use a variable")
        if np.ndim(value):
            raise MisuseError(f"writes something to {self._name} that is not a number")
        self._values[self._checked(index)] = value

    def _checked(self, index: Any) -> int:
        """Return an index that compiled code could use, and count its use."""
        name, count = self._name, self._values.size
        if isinstance(index, slice):
            raise MisuseError(f"takes a slice of {name}: {LOOP.format(name)}")
        if isinstance(index, bool) or not isinstance(index, (int, np.integer)):
            raise MisuseError(
                f"takes {name}[{index!r}], but an index is a whole number: write {name}[i], i >= 0"
            )
        if not -count <= index < count:
            raise MisuseError(
                f"reaches beyond its {count} coordinates with {name}[{index}] (they are 0 .. "
                f"{count - 1}): start, minimum and dim must fit the function"
            )
        if self._remaining is not None:
            self._remaining -= 1
            if self._remaining < 0:
                raise EnoughError
        return int(index)

    def _refuse(self, *others: object) -> NoReturn:
        """Refuse an operation on all coordinates at once."""
        raise MisuseError(
            f"takes all of {self._name} at once, but compiled code works on one number at a time: "
            f"{LOOP.format(self._name)}"
        )

    def __iter__(self) -> NoReturn:
        raise MisuseError(
            f"loops over {self._name} itself, or unpacks it: {LOOP.format(self._name)}, or name "
            f"a, b = {self._name}[0], {self._name}[1]"
        )

    def __getattr__(self, attribute: str) -> NoReturn:
        if attribute.startswith("__array_") and not attribute.startswith("__array__"):
            raise AttributeError(attribute)  # NumPy asks for several before __array__
        raise MisuseError(
            f"uses {self._name}.{attribute}, which compiled code does not know: "
            f"{LOOP.format(self._name)}"
        )


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    for _kind in ("__{}__", "__r{}__", "__i{}__"):
        setattr(Watched, _kind.format(_name), Watched._refuse)
for _name in ("neg", "pos", "abs", "float", "int", "bool", "array", "call", "contains", "delitem"):
    setattr(Watched, f"__{_name}__", Watched._refuse)
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Watched, f"__{_name}__", Watched._refuse)
