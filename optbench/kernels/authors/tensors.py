"""How matrix rules are called: once a tensor, with views of it and of their own arrays.

Rows, sizes and shapes of the tensors come in a table (see `tensor_table`). The arrays that a rule
declares as memory lie one tensor after the other from the start of M on; its buffers, shared by all
tensors, lie at the end of M.

A net's tensors are views of its arrays. A surface's lanes lie side by side, so that the numbers of
one are apart: of each lane and tensor they are copied behind one another into M, before the
buffers, and back after the call. There M has memory of every lane, and one number more a lane,
from which its length says how many lanes there are: columns that fill up a block stay where they
are.
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
    from optbench.define.rule_checks import FunctionKind

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


def memory_size(part: Part, table: NDArray[np.int64], lanes: int | None = None) -> int:
    """Return the length of M that a rule needs for the tensors of a table.

    Parameters
    ----------
    part : Part
    table : ndarray
    lanes : int, optional
        Lanes of a block; by default a net's lane fills it.
    """
    if not part.matrix:
        return 0
    tensors = (len(table) - 1) // 3
    sizes, heights = table[tensors + 1 : 2 * tensors + 1], table[2 * tensors + 1 :]
    memory, shared = 0, 0
    for size, height in zip(sizes, heights, strict=True):
        memory += kept_size(part, int(size), int(height))
        copies = 0 if lanes is None else len(_copied(part)) * int(size)
        shared = max(shared, _length(part.buffers, _sides(int(size), int(height))) + copies)
    return shared + (memory if lanes is None else lanes * (memory + 1))


def kept_size(part: Part, size: int, height: int) -> int:
    """Return how many numbers a matrix rule keeps from step to step of a tensor.

    `height` is the number of rows of a matrix, 0 of a vector.
    """
    return _length(part.memory, _sides(size, height))


def _sides(size: int, height: int) -> dict[str, int]:
    """Return what the letters of `SIDES` are of a tensor."""
    m = max(height, 1)
    return dict(m=m, n=size // m, k=min(m, size // m))


def _length(arrays: Mapping[str, str], sides: Mapping[str, int]) -> int:
    """Return how many numbers arrays of these shapes have together."""
    return sum(int(np.prod([sides[side] for side in shape])) for shape in arrays.values())


def _copied(part: Part) -> list[str]:
    """Return the names of the arrays of a block that a matrix rule sees."""
    return ["x", "g", *part.state]


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
    factors = "".join(f" * L[{row}, lane]" for row in scaled)
    sides = [
        "tensor_m = max(tensor_table[2 * tensors + 1 + tensor], 1)",
        "tensor_n = tensor_table[tensors + 1 + tensor] // tensor_m",
        "tensor_k = min(tensor_m, tensor_n)",
        "_size = tensor_m * tensor_n",
    ]
    memory, buffers = (
        " + ".join([_product(shape) for shape in arrays.values()] or ["0"])
        for arrays in (part.memory, part.buffers)
    )
    lines = [(0, "_memory, _shared = 0, 0"), (0, "for tensor in range(tensors):")]
    lines += [(1, text) for text in sides]
    lines += [
        (1, f"_memory += {memory}"),
        (1, f"_shared = max(_shared, {buffers} + {len(_copied(part))} * _size)"),
        (0, "_lanes = 1 if across else (M.shape[0] - _shared) // (_memory + 1)"),
        (0, "for lane in range(_lanes):"),
        (1, f"_rate = H[0, lane] * U[t, 0, 0]{factors}"),
        (1, "_place = lane * _memory"),
        (1, "for tensor in range(tensors):"),
    ]
    return lines + [(2, text) for text in [*sides, *_call_lines(part, layout, states)]]


def _call_lines(part: Part, layout: RuleLayout, states: Sequence[str]) -> list[str]:
    """Return the lines that call a matrix rule for one tensor of one lane."""
    lines = [
        "vector = tensor_table[2 * tensors + 1 + tensor] == 0",
        "_row, _end = tensor_table[tensor], M.shape[0]",
    ]
    for name, shape in part.memory.items():
        lines.append(f"_array_{name} = {_view(part, name, shape, '_place')}")
        lines.append(f"_place += {_product(shape)}")
    for name, shape in part.buffers.items():
        lines.append(f"_end -= {_product(shape)}")
        lines.append(f"_array_{name} = {_view(part, name, shape, '_end')}")
    arrays = {"x": "y", "g": "g"} | {name: f"S[{states.index(name)}]" for name in part.state}
    for name, array in arrays.items():
        lines += [
            "if across:",
            f"    _numbers, _from = tensor_vector({array}, 0, {array}.size), _row * x.shape[1]",
            "else:",
            "    _end -= _size",
            "    _numbers, _from = M, _end",
            "    for i in range(_size):",
            f"        M[_end + i] = {array}[_row + i, lane]",
            f"_array_{name} = tensor_matrix(_numbers, _from, tensor_m, tensor_n)",
        ]
    if "vectors" in part.functions:
        lines += ["if vector:", f"    {_call(part, 'vectors', layout)}", "else:"]
        lines.append(f"    {_call(part, 'update', layout)}")
    else:
        lines.append(_call(part, "update", layout))
    lines.append("if not across:")
    for name, array in arrays.items():
        if name != "g":
            lines += [
                "    for i in range(_size):",
                f"        {array}[_row + i, lane] = _array_{name}[i // tensor_n, i % tensor_n]",
            ]
    return lines


def _call(part: Part, kind: FunctionKind, layout: RuleLayout) -> str:
    """Return the call of a function of a matrix rule, its arguments bound by name."""
    parameters = inspect.signature(part.functions[kind]).parameters
    arguments = [_argument(part, name, layout) for name in parameters]
    return f"{part.name}_{kind}({', '.join(arguments)})"


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


def _argument(part: Part, name: str, layout: RuleLayout) -> str:
    """Return what a parameter of a matrix rule is bound to."""
    if name in _copied(part) or name in part.memory or name in part.buffers:
        return f"_array_{name}"
    if name in layout.split_outputs(part)[0]:
        return f"{part.name}_{name}"
    if name == "key":  # inverted: the block's problem draws from the key itself
        return "mix(mix(~key[0], t), tensor)"
    if name in layout.hyper or name in layout.flags or name in ("vector", "phase"):
        return "_rate" if name == "lr" else name
    raise DefinitionError(
        f"{part.place}: the function of {part.name} takes {name!r}, which is neither x, g, vector, "
        f"phase, key, state, memory, a buffer, a hyperparameter nor an output of uniform"
    )
