"""What a function takes and returns, read from its signature and its source, without a call.

What is typed at a prompt or piped to Python has no source; then its bytecode says the main cases.
"""

import ast
import dis
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from optbench.define.names import plain_arguments

NOTHING, SCALAR = 0, -1
"""How many values a ``return`` has, where it is no tuple."""

Count: TypeAlias = int | None
"""The length of a tuple, `SCALAR` for one number, `NOTHING`; None where the source is unclear."""

_SCALARS = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.JoinedStr)


def returns(function: Callable[..., Any]) -> list[tuple[int, Count]]:
    """Return the (line, `Count`) of each ``return`` of a function.

    A function that ends without ``return`` has a pair for its last line.
    """
    tree = _syntax_tree(function)
    if tree is None:
        return _bytecode_returns(function)
    first = function.__code__.co_firstlineno - 1
    pairs = [
        (first + node.lineno, _count(node.value, tree))
        for node in _own_nodes(tree)
        if isinstance(node, ast.Return)
    ]
    if _may_end_without_return(tree.body):
        last = tree.body[-1]
        pairs.append((first + (last.end_lineno or last.lineno), NOTHING))
    return pairs


def irregular(function: Callable[..., Any]) -> tuple[inspect.Parameter, str] | None:
    """Return the first parameter that is no plain one, and what it is, or None."""
    if plain_arguments(function) is not None:
        return None
    kinds = inspect.Parameter
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is not kinds.POSITIONAL_OR_KEYWORD:
            return parameter, f"`{parameter}`, which is no plain parameter"
        if parameter.default is not kinds.empty:
            return parameter, f"the default `{parameter}` in its signature"
    return None


def _syntax_tree(function: Callable[..., Any]) -> ast.FunctionDef | None:
    """Return the syntax tree of a function, or None if its source is unknown or no ``def``."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError, TypeError):
        return None
    node = tree.body[0] if tree.body else None
    return node if isinstance(node, ast.FunctionDef) else None


def _bytecode_returns(function: Callable[..., Any]) -> list[tuple[int, Count]]:
    """Return the pairs of `returns` from what comes right before each return."""
    pairs, last = [], None
    for instruction in dis.get_instructions(function):
        count: Count
        if instruction.opname == "RETURN_CONST":  # of Python 3.12 and 3.13
            count = _count_of_constant(instruction.argval)
        elif instruction.opname != "RETURN_VALUE":
            last = instruction
            continue
        elif instruction.is_jump_target or last is None:
            count = None
        else:
            count = _count_on_stack(last)
        line = instruction.positions.lineno if instruction.positions else None
        pairs.append((line or function.__code__.co_firstlineno, count))
        last = instruction
    return pairs


def _count_on_stack(instruction: dis.Instruction) -> Count:
    """Return the count of what an instruction leaves on the stack."""
    if instruction.opname == "BUILD_TUPLE":
        return instruction.arg
    if instruction.opname == "LOAD_CONST":
        return _count_of_constant(instruction.argval)
    if instruction.opname == "BINARY_OP" and instruction.argrepr == "+":  # of tuples, perhaps
        return None
    return SCALAR if instruction.opname in ("BINARY_OP", "UNARY_NEGATIVE", "COMPARE_OP") else None


def _count_of_constant(value: object) -> int:
    if value is None:
        return NOTHING
    return len(value) if isinstance(value, tuple) else SCALAR


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes inside a function, but not those of functions inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield child
            yield from _own_nodes(child)


def _count(
    value: ast.expr | None, function: ast.FunctionDef, variables: tuple[str, ...] = ()
) -> Count:
    """Return the count of an expression; `variables` are those on the way to it."""
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return NOTHING
    if isinstance(value, ast.Tuple):
        starred = any(isinstance(element, ast.Starred) for element in value.elts)
        return None if starred else len(value.elts)
    if isinstance(value, ast.IfExp):
        counts = {_count(branch, function, variables) for branch in (value.body, value.orelse)}
        return counts.pop() if len(counts) == 1 else None
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return _count_of_sum(value, function, variables)
    if isinstance(value, ast.Name) and value.id not in variables:
        return _count_of_variable(value.id, function, (*variables, value.id))
    if isinstance(value, ast.Constant) or isinstance(value, _SCALARS):
        return SCALAR
    return None


def _count_of_sum(value: ast.BinOp, function: ast.FunctionDef, variables: tuple[str, ...]) -> Count:
    """Return the count of a sum: numbers add up to a number, tuples to a longer one."""
    terms = (value.left, value.right)
    counts = [_count(term, function, variables) for term in terms]
    if counts == [None, None]:
        return None
    if any(isinstance(term, ast.Tuple) for term in terms):
        lengths = [count for count in counts if count is not None]
        return sum(lengths) if len(lengths) == len(counts) else None
    return SCALAR


def _count_of_variable(name: str, function: ast.FunctionDef, variables: tuple[str, ...]) -> Count:
    """Return the count of a variable: a parameter is a number, the others what is assigned."""
    parameter = any(argument.arg == name for argument in function.args.args)
    counts: set[Count] = {SCALAR} if parameter else set()
    for node in _own_nodes(function):
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            counts.add(_count(node.value, function, variables))
    return counts.pop() if len(counts) == 1 else None


def _may_end_without_return(body: list[ast.stmt]) -> bool:
    """Whether a function body surely can end without ``return``; loops get the benefit of doubt."""
    last = body[-1]
    if isinstance(last, ast.If):
        branches = (last.body, last.orelse)
        return not last.orelse or any(map(_may_end_without_return, branches))
    return isinstance(last, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr | ast.Pass)
