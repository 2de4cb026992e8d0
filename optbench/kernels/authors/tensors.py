"""How matrix rules are called: once a tensor, with views of it and of their own arrays.

Rows, sizes and shapes of the tensors come in a table (see `tensor_table`). The arrays that a rule
declares as memory lie one tensor after the other from the start of M on; its buffers, shared by all
tensors, lie at the end of M.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optbench.errors import DefinitionError
from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.products import primitives

if TYPE_CHECKING:
    from optbench.define.definitions import Part

SIDES = "mnk"
"""Rows, columns, and the smaller of the two, as shapes of memory and buffers name them."""
VIEWS = {"tensor_matrix": primitives.matrix, "tensor_vector": primitives.vector}
"""What the source of `tensor_lines` calls."""


def tensor_table(shapes: Sequence[Sequence[int]], rows: Sequence[int]) -> NDArray[np.int64]:
    """Return the table of n parameter tensors: int64 [3 n + 1].

    Parameters
    ----------
    shapes : sequence of tuple of int
        Of each tensor; those of one dimension are vectors, all other are seen as matrices.
    rows : sequence of int, [n + 1]
        Row ranges.

    Returns
    -------
    ndarray
        The row ranges, then the sizes, then the numbers of rows of matrices, 0 for vectors.
    """
    sizes = [int(np.prod(shape)) for shape in shapes]
    heights = [shape[0] if len(shape) > 1 else 0 for shape in shapes]
    return np.array([*rows, *sizes, *heights], np.int64)


def numbers_of(table):
    """Return how many numbers the tensors of a table have."""
    tensors, count = table.shape[0] // 3, 0
    for tensor in range(tensors):
        count += table[tensors + 1 + tensor]
    return count


def memory_size(part: Part, table: NDArray[np.int64]) -> int:
    """Return the length of M that a rule needs for the tensors of a table."""
    if not part.matrix:
        return 0
    tensors = (len(table) - 1) // 3
    sizes, heights = table[tensors + 1 : 2 * tensors + 1], table[2 * tensors + 1 :]
    memory, buffers = 0, 0
    for size, height in zip(sizes, heights, strict=True):
        m = max(int(height), 1)
        sides = dict(m=m, n=int(size) // m, k=min(m, int(size) // m))
        memory += _length(part.memory, sides)
        buffers = max(buffers, _length(part.buffers, sides))
    return memory + buffers


def _length(arrays: Mapping[str, str], sides: Mapping[str, int]) -> int:
    """Return how many numbers arrays of these shapes have together."""
    return sum(int(np.prod([sides[side] for side in shape])) for shape in arrays.values())


def tensor_lines(
    part: Part, layout: RuleLayout, states: Sequence[str], scaled: Sequence[int]
) -> list[tuple[int, str]]:
    """Return the lines, [(depth, text)], that call a matrix rule for every tensor of y.

    Parameters
    ----------
    part : Part
        The rule.
    layout : RuleLayout
    states : sequence of str
        Names of the rows of S.
    scaled : sequence of int
        Rows of L that multiply the rate.
    """
    factors = "".join(f" * L[{row}, 0]" for row in scaled)
    body = [
        "vector = tensor_table[2 * tensors + 1 + tensor] == 0",
        "tensor_m = max(tensor_table[2 * tensors + 1 + tensor], 1)",
        "tensor_n = tensor_table[tensors + 1 + tensor] // tensor_m",
        "tensor_k = min(tensor_m, tensor_n)",
        "_first, _end = tensor_table[tensor] * x.shape[1], M.shape[0]",
    ]
    for name, shape in part.memory.items():
        body.append(f"_array_{name} = {_view(part, name, shape, '_place')}")
        body.append(f"_place += {_product(shape)}")
    for name, shape in part.buffers.items():
        body.append(f"_end -= {_product(shape)}")
        body.append(f"_array_{name} = {_view(part, name, shape, '_end')}")
    arguments = [
        _argument(part, name, layout, states)
        for name in inspect.signature(part.functions["update"]).parameters
    ]
    body.append(f"{part.name}_update({', '.join(arguments)})")
    head = [f"_rate = H[0, 0] * U[t, 0, 0]{factors}", "_place = 0", "for tensor in range(tensors):"]
    return [(0, text) for text in head] + [(1, text) for text in body]


def _product(shape: str) -> str:
    """Return the text of the number of entries of an array of a shape."""
    return " * ".join(f"tensor_{side}" for side in shape)


def _view(part: Part, name: str, shape: str, place: str) -> str:
    """Return the text of the view of an array of a rule's own, which begins at `place` of M."""
    if not 1 <= len(shape) <= 2 or any(side not in SIDES for side in shape):
        raise DefinitionError(
            f"{part.place}: {part.name} declares {name!r} with the shape {shape!r}; a shape is one "
            f"or two of {', '.join(SIDES)}"
        )
    kind = "matrix" if len(shape) == 2 else "vector"
    sides = ", ".join(f"tensor_{side}" for side in shape)
    return f"tensor_{kind}(M, {place}, {sides})"


def _argument(part: Part, name: str, layout: RuleLayout, states: Sequence[str]) -> str:
    """Return what a parameter of a matrix rule is bound to."""
    views = {"x": "y", "g": "g"} | {s: f"S[{states.index(s)}]" for s in part.state}
    if name in views:
        numbers = f"tensor_vector({views[name]}, 0, {views[name]}.size)"
        return f"tensor_matrix({numbers}, _first, tensor_m, tensor_n)"
    if name in part.memory or name in part.buffers:
        return f"_array_{name}"
    if name in layout.split_outputs(part)[0]:
        return f"{part.name}_{name}"
    if name in layout.hyper or name in layout.flags or name in ("vector", "phase"):
        return "_rate" if name == "lr" else name
    raise DefinitionError(
        f"{part.place}: the function of {part.name} takes {name!r}, which is neither x, g, vector, "
        f"phase, state, memory, a buffer, a hyperparameter nor an output of uniform"
    )
