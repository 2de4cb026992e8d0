"""Author functions of one lane -> compiled functions of one block.

A block is ``[d, B]`` with lanes innermost. This file alone knows how a scalar function is applied
to a block; the driver sees functions with the signatures of `kernels.compile` and nothing else.
The block functions are written out as source: an author's arguments are bound by name, and a rule
and its wrappers become one function, so that no call or tuple remains at run time.

With ``across`` set, all columns belong to one lane (the parameters of a net, seen as rows of 64):
hyperparameters and lane state are those of column 0, and sums run over rows and columns.
"""

import functools
import inspect
import linecache

import numpy as np

from optbench.errors import DefinitionError
from optbench.kernels import random
from optbench.kernels.compile import (
    helper,
    jit,
    metrics_signature,
    problem_signature,
    retype,
    rule_signature,
)

_PROBLEM_ARGUMENTS = {
    "x": "x[:, lane]", "g": "g[:, lane]", "p": "p", "q": "q", "stream": "key[lane]",
    "key": "mix(key[lane], t)", "t": "t", "full": "full",
}  # fmt: skip
_METRICS_ARGUMENTS = {"x": "x[:, lane]", "p": "p", "q": "q", "part": "part"}


@functools.cache
def problem_block(function, dtype):
    """Compile an author's problem for blocks (see `compile.problem_signature`)."""
    arguments = _bound(function, _PROBLEM_ARGUMENTS)
    source = f"""def block(x, g, f, p, q, work, t, key, full):
    for lane in range(x.shape[1]):
        f[lane] = author({arguments})
"""
    return _compiled(source, problem_signature(dtype), author=helper(retype(function, dtype)))


@functools.cache
def metrics_block(function, dtype):
    """Compile an author's metrics for blocks (see `compile.metrics_signature`)."""
    arguments = _bound(function, _METRICS_ARGUMENTS)
    source = f"""def block(x, m, p, q, work, part):
    for lane in range(x.shape[1]):
        m[0, lane], m[1, lane] = author({arguments})
"""
    return _compiled(source, metrics_signature(dtype), author=helper(retype(function, dtype)))


def _bound(function, available):
    names = inspect.signature(function).parameters
    for name in names:
        if name not in available:
            code = function.__code__
            raise DefinitionError(
                f"{code.co_filename}:{code.co_firstlineno}: {function.__name__} takes {name!r}, "
                f"but only {', '.join(available)} are known"
            )
    return ", ".join(available[name] for name in names)


def _compiled(source, signature, **names):
    """Compile generated source, kept in `linecache` so that tracebacks can show it."""
    filename = f"<optbench block {abs(hash(source)):x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    scope = {"__name__": "optbench.kernels.generated", "mix": random.mix, **names}
    exec(compile(source, filename, "exec"), scope)
    return jit(scope["block"], signature)


# ------------------------------------------------------------------------------------------ rules


class Layout:
    """Where a chain of parts keeps its numbers in S, L, H and U.

    H holds the rate, f_ref, then hyperparameters; U holds the schedule, then the outputs of the
    `uniform` functions. The last row of S is x itself at the first gradient of a step, when steps
    have two.

    Parameters
    ----------
    parts : sequence of Part
        Wrappers, then the rule.
    uniform_counts : sequence of int
        Number of outputs of each part's `uniform`.
    """

    def __init__(self, parts, uniform_counts):
        self.parts = tuple(parts)
        self.uniform_counts = tuple(uniform_counts)
        self.state = {name: start for part in parts for name, start in part.state.items()}
        self.lane_state = {n: start for part in parts for n, start in part.lane_state.items()}
        self.hyper = ["lr", "f_ref"]
        self.hyper += [n for part in parts for n in part.hyper if n != "lr"]
        self.evaluations = max(part.evaluations for part in parts)
        if self.evaluations == 2:
            self.state["x_first"] = "x"
        self.uniforms = 1 + sum(uniform_counts)
        self.iterate = -1
        if parts[-1].iterate is not None:
            self.iterate = list(self.state).index(parts[-1].iterate)

    def outputs(self, part):
        """Names of a part's uniform and combine outputs: the extra names of its functions."""
        known = {"x", "g", "f", "f_ref", "phase", *self.hyper, *part.state, *part.lane_state}
        names = []
        for kind in ("update", "ascend"):
            function = part.functions.get(kind)
            for name in inspect.signature(function).parameters if function else ():
                if name not in known and name not in names:
                    names.append(name)
        return names

    def split_outputs(self, part):
        """Return (names of uniform outputs, names of combine outputs) of `part`."""
        count = self.uniform_counts[self.parts.index(part)]
        names = self.outputs(part)
        if len(names) < count:
            raise DefinitionError(
                f"{part.place}: `uniform` of {part.name} returns {count} values; its update must "
                f"name them all after its hyperparameters, but names {len(names)}"
            )
        return names[:count], names[count:]


def rule_block(parts, uniform_counts, dtype):
    """Compile a rule with its wrappers for blocks (see `compile.rule_signature`)."""
    return _rule_block(tuple(parts), tuple(uniform_counts), np.dtype(dtype))


@functools.cache
def _rule_block(parts, uniform_counts, dtype):
    layout = Layout(parts, uniform_counts)
    functions = {
        f"{part.name}_{kind}": helper(retype(function, dtype))
        for part in parts
        for kind, function in part.functions.items()
        if kind != "uniform"
    }
    source = _Writer(layout).source()
    return _compiled(source, rule_signature(dtype), zero=dtype.type(0), **functions)


class _Writer:
    """Writes the block function of a chain of parts."""

    def __init__(self, layout):
        self.layout = layout
        self.lines = []

    def source(self):
        layout = self.layout
        self.put(0, "def block(x, g, f, S, L, H, U, layers, key, phase, across):")
        self.put(1, "for lane in range(1 if across else x.shape[1]):")
        self.put(2, "first, last = (0, x.shape[1]) if across else (lane, lane + 1)")
        self.put(2, "low, high = layers[0], layers[-1]")
        for row, name in enumerate(layout.hyper):
            self.put(2, f"{name} = H[{row}, lane]")
        for row, name in enumerate(layout.lane_state):
            self.put(2, f"{name} = L[{row}, lane]")
        self.uniforms()
        self.put(2, "lr *= U[0]")
        ascending = [part for part in layout.parts if "ascend" in part.functions]
        if ascending:
            self.put(2, "if phase == 0:")
            self.lanes_apply(3, ascending[0], "ascend")
            self.put(3, "continue")
            self.put_back(2)
        for part in layout.parts:
            if "ascend" not in part.functions:
                self.lanes_apply(2, part, "update")
        return "\n".join(self.lines) + "\n"

    def put(self, depth, text):
        self.lines.append("    " * depth + text)

    def uniforms(self):
        column = 1
        for part in self.layout.parts:
            names, _ = self.layout.split_outputs(part)
            for name in names:
                self.put(2, f"{part.name}_{name} = U[{column}]")
                column += 1

    def put_back(self, depth):
        row = list(self.layout.state).index("x_first")
        self.coordinates(depth, [f"x[i, j] = S[{row}, i, j]"])

    def coordinates(self, depth, body):
        self.put(depth, "for i in range(low, high):")
        self.put(depth + 1, "for j in range(first, last):")
        for line in body:
            self.put(depth + 2, line)

    def lanes_apply(self, depth, part, kind):
        """Measure, combine and update: per layer where the part says so, else in one go."""
        if part.layerwise:
            self.put(depth, "for layer in range(layers.shape[0] - 1):")
            depth += 1
            self.put(depth, "low, high = layers[layer], layers[layer + 1]")
        self.combine(depth, part)
        if "lr_scale" in part.lane_state:
            self.put(depth, "lr *= lr_scale")
        self.update(depth, part, kind)

    def combine(self, depth, part):
        combine = part.functions.get("combine")
        if combine is None:
            return
        sums = []
        if "measure" in part.functions:
            taken = list(inspect.signature(combine).parameters)
            known = {"f", "f_ref", "phase", *self.layout.hyper, *part.lane_state}
            known |= set(self.layout.split_outputs(part)[0])
            sums = [name for name in taken if name not in known]
            names = [f"{part.name}_{name}" for name in sums]
            for name in names:
                self.put(depth, f"{name} = zero")
            terms = ", ".join(f"{name}_term" for name in names)
            body = [f"{terms} = {self.call(part, 'measure')}"]
            self.coordinates(depth, body + [f"{n} += {n}_term" for n in names])
        outputs = [f"{part.name}_{name}" for name in self.layout.split_outputs(part)[1]]
        results = [*part.lane_state, *outputs]
        comma = "," if len(results) == 1 else ""
        self.put(depth, f"{', '.join(results)}{comma} = {self.call(part, 'combine', sums)}")
        for name in part.lane_state:
            row = list(self.layout.lane_state).index(name)
            self.put(depth, f"L[{row}, lane] = {name}")

    def update(self, depth, part, kind):
        states = list(self.layout.state)
        places = [f"S[{states.index(name)}, i, j]" for name in part.state]
        body = []
        if kind == "ascend":
            body.append(f"S[{states.index('x_first')}, i, j] = x[i, j]")
        target = "g[i, j]" if kind == "update" and part is not self.layout.parts[-1] else "x[i, j]"
        body.append(f"{', '.join([target, *places])} = {self.call(part, kind)}")
        self.coordinates(depth, body)

    def call(self, part, kind, sums=()):
        states = list(self.layout.state)
        arguments = []
        for name in inspect.signature(part.functions[kind]).parameters:
            if name in ("x", "g"):
                arguments.append(f"{name}[i, j]")
            elif name == "f":
                arguments.append("f[lane]")
            elif name in part.state:
                arguments.append(f"S[{states.index(name)}, i, j]")
            elif name in self.layout.outputs(part) or name in sums:
                arguments.append(f"{part.name}_{name}")
            elif name == "phase" or name in self.layout.hyper or name in part.lane_state:
                arguments.append(name)
            else:
                raise DefinitionError(
                    f"{part.place}: `{kind}` of {part.name} takes {name!r}, which is neither "
                    f"x, g, f, f_ref, phase, state, a hyperparameter nor an output named by update"
                )
        return f"{part.name}_{kind}({', '.join(arguments)})"
