"""What a gradient costs: the same functions with everything that only serves g taken out."""

import ast
import inspect
import textwrap
import time

import numpy as np

import optbench
from optbench.kernels.authors.blocks import problem_block

LANES = 2048
"""As many as stay near the processor: what else it does must not move them."""


def without_gradient(function):
    """Return `function` without its gradient, or None where the value itself is made with g."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    body = tree.body[0]
    body.decorator_list = []
    while True:
        stripper = _Stripper(body)
        body = stripper.visit(body)
        if not stripper.changed:
            break
    if any(isinstance(node, ast.Name) and node.id == "g" for node in ast.walk(body)):
        return None
    tree.body = [ast.fix_missing_locations(body)]
    scope = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    exec(compile(tree, function.__code__.co_filename, "exec"), scope)
    return scope[body.name]


class _Stripper(ast.NodeTransformer):
    """Removes stores into g, and then into names that nothing reads."""

    def __init__(self, function):
        self.changed = False
        self.read = set()
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.AugAssign) and not self._of_g(node):
                value = node.value
            elif isinstance(node, ast.Return):
                value = node.value
            elif isinstance(node, ast.For):
                value = node.iter
            elif isinstance(node, ast.If):
                value = node.test
            else:
                continue
            own = self._name(node) if isinstance(node, ast.Assign | ast.AugAssign) else None
            for name in ast.walk(value):
                if isinstance(name, ast.Name) and name.id != own:
                    self.read.add(name.id)
            for target in getattr(node, "targets", ()):
                if isinstance(target, ast.Subscript):
                    self.read.add("g")

    @staticmethod
    def _target(node):
        return node.targets[0] if isinstance(node, ast.Assign) else node.target

    def _of_g(self, node):
        target = self._target(node)
        return isinstance(target, ast.Subscript) and target.value.id == "g"

    def _name(self, node):
        target = self._target(node)
        return target.id if isinstance(target, ast.Name) else None

    def _store(self, node):
        name = self._name(node)
        if self._of_g(node) or (name is not None and name not in self.read):
            self.changed = True
            return None
        return node

    visit_Assign = visit_AugAssign = _store  # noqa: N815 - the names that ast looks for

    def visit_For(self, node):  # noqa: N802
        self.generic_visit(node)
        if not node.body:
            self.changed = True
            return None
        return node

    def visit_If(self, node):  # noqa: N802
        self.generic_visit(node)
        if not node.body and not node.orelse:
            self.changed = True
            return None
        node.body = node.body or [ast.Pass()]
        return node


def seconds(functions, problem, repeats=200):
    """Return the least time of each function on many lanes, taken in turns."""
    low, high = problem.box
    x = np.random.default_rng(0).uniform(low, high, (LANES, problem.dim)).T.copy()
    placement = problem.placement
    arrays = (
        x, np.empty_like(x), np.empty(LANES), placement.p, placement.q,
        np.zeros(placement.room(LANES)), np.zeros(1, np.uint64),
    )  # fmt: skip
    blocks = [problem_block(function, np.dtype(np.float64)) for function in functions]
    best = [np.inf] * len(blocks)
    for _ in range(repeats):
        for k, block in enumerate(blocks):
            begin = time.perf_counter()
            block(*arrays, 0, 1)
            best[k] = min(best[k], time.perf_counter() - begin)
    return best


def ratio(definition):
    """Return the time of value and gradient over that of the value, or None."""
    value = without_gradient(definition.function)
    if value is None:
        return None
    both, alone = seconds((definition.function, value), optbench.problem(definition))
    return both / alone
