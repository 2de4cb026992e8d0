"""What a function takes and returns, read from its signature and its source, without a call.

What is typed at a prompt or piped to Python has no source; then its bytecode says the main cases.
"""

import ast
import dis
import inspect
import textwrap

NOTHING, SCALAR = 0, -1
"""How many values a ``return`` has, where it is no tuple."""

_SCALARS = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.JoinedStr)


def returns(function):
    """Return what each ``return`` of a function returns, as (line, count) pairs.

    A count is the length of a tuple, `SCALAR` for one number, `NOTHING`, or None where the source
    does not say. A function that ends without ``return`` has a pair for its last line.
    """
    node = _parsed(function)
    if node is None:
        return _from_bytecode(function)
    first = function.__code__.co_firstlineno - 1
    pairs = [
        (first + one.lineno, _count(one.value, node))
        for one in _own(node)
        if isinstance(one, ast.Return)
    ]
    if _falls_off(node.body):
        pairs.append((first + node.body[-1].end_lineno, NOTHING))
    return pairs


def irregular(function):
    """Return (parameter, what it is) for the first that is no plain parameter, or None."""
    kinds = inspect.Parameter
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is not kinds.POSITIONAL_OR_KEYWORD:
            return parameter, f"`{parameter}`, which is no plain parameter"
        if parameter.default is not kinds.empty:
            return parameter, f"the default `{parameter}` in its signature"
    return None


def _parsed(function):
    """Return the syntax tree of a function, or None if its source is unknown or no ``def``."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError, TypeError):
        return None
    node = tree.body[0] if tree.body else None
    return node if isinstance(node, ast.FunctionDef) else None


def _from_bytecode(function):
    """Return the pairs of `returns` from what comes right before each return."""
    pairs, before = [], None
    for instruction in dis.get_instructions(function):
        if instruction.opname == "RETURN_CONST":  # of Python 3.12 and 3.13
            pairs.append((instruction.positions.lineno, _count_of_constant(instruction.argval)))
        elif instruction.opname == "RETURN_VALUE":
            count = None if instruction.is_jump_target else _count_of(before)
            pairs.append((instruction.positions.lineno, count))
        before = instruction
    return pairs


def _count_of(instruction):
    """Return the count of what an instruction leaves on the stack."""
    if instruction.opname == "BUILD_TUPLE":
        return instruction.arg
    if instruction.opname == "LOAD_CONST":
        return _count_of_constant(instruction.argval)
    if instruction.opname == "BINARY_OP" and instruction.argrepr == "+":  # of tuples, perhaps
        return None
    return SCALAR if instruction.opname in ("BINARY_OP", "UNARY_NEGATIVE", "COMPARE_OP") else None


def _count_of_constant(value):
    if value is None:
        return NOTHING
    return len(value) if isinstance(value, tuple) else SCALAR


def _own(node):
    """Yield the nodes inside a function, but not those of functions inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield child
            yield from _own(child)


def _count(value, function, seen=()):
    """Return the count of an expression; see `returns`."""
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return NOTHING
    if isinstance(value, ast.Tuple):
        starred = any(isinstance(element, ast.Starred) for element in value.elts)
        return None if starred else len(value.elts)
    if isinstance(value, ast.IfExp):
        counts = {_count(part, function, seen) for part in (value.body, value.orelse)}
        return counts.pop() if len(counts) == 1 else None
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return _count_of_sum(value, function, seen)
    if isinstance(value, ast.Name) and value.id not in seen:
        return _count_of_name(value.id, function, (*seen, value.id))
    if isinstance(value, ast.Constant) or isinstance(value, _SCALARS):
        return SCALAR
    return None


def _count_of_sum(value, function, seen):
    """Return the count of a sum: numbers add up to a number, tuples to a longer one."""
    counts = [_count(part, function, seen) for part in (value.left, value.right)]
    if counts == [None, None]:
        return None
    if any(isinstance(part, ast.Tuple) for part in (value.left, value.right)):
        return None if None in counts else sum(counts)
    return SCALAR


def _count_of_name(name, function, seen):
    """Return the count of a variable: a parameter is a number, the others what is assigned."""
    counts = {SCALAR} if any(one.arg == name for one in function.args.args) else set()
    for node in _own(function):
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            counts.add(_count(node.value, function, seen))
    return counts.pop() if len(counts) == 1 else None


def _falls_off(body):
    """Whether a function body surely can end without ``return``; loops get the benefit of doubt."""
    last = body[-1]
    if isinstance(last, ast.If):
        return not last.orelse or _falls_off(last.body) or _falls_off(last.orelse)
    return isinstance(last, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr | ast.Pass)
