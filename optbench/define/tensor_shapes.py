"""The shapes of the tensors that the coordinates of a surface make up, checked."""

import math
from collections.abc import Sequence

from optbench.errors import DefinitionError
from optbench.gate import shown, whole


def tensor_shapes(whose: str, declared: object, dim: int | None) -> tuple[tuple[int, ...], ...]:
    """Return declared shapes as tuples of whole numbers; () if there are none.

    Parameters
    ----------
    whose : str
        The place and the name of the problem, for messages.
    declared : tuple of int, or sequence of them
        One shape, ``(3, 4)``, or several, ``[(3, 4), (4,)]``.
    dim : int or None
        How many numbers they must have together, if that is known.

    Raises
    ------
    DefinitionError
    """
    what = f"{whose}: shape"
    if isinstance(declared, str) or not isinstance(declared, Sequence):
        raise DefinitionError(
            f"{what} is {shown(declared)}; give one shape, (3, 4), or several, [(3, 4), (4,)]"
        )
    several = declared if all(isinstance(one, Sequence) for one in declared) else [declared]
    shapes = tuple(
        tuple(whole(what, side, 1, error=DefinitionError) for side in one) for one in several
    )
    for shape in shapes:
        if not 1 <= len(shape) <= 2:
            raise DefinitionError(
                f"{what} has {shape}; a tensor of a surface has one side or two, (4,) or (3, 4)"
            )
    size = sum(map(math.prod, shapes))
    if shapes and dim is not None and size != dim:
        raise DefinitionError(
            f"{what} {shown(declared)} has {size} numbers; the dimension is {dim}"
        )
    return shapes
