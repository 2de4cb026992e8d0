"""The four parts of a rule and its wrappers called as they are written: plain Python, no Numba.

This follows the contract that `optbench.define` documents for authors, one coordinate at a time.
"""

import functools
import inspect
import math

import numpy as np

from optbench.define.draws import mix, stream_key


@functools.cache
def _parameters(function):
    """Return the names of a function's parameters: to look took longer than most calls."""
    return tuple(inspect.signature(function).parameters)


def _call(part, kind, scope, extra=()):
    """Call a part's function: known names come from `scope`, the others from `extra`, in order."""
    rest, function = iter(extra), part.functions[kind]
    result = function(*[scope[n] if n in scope else next(rest) for n in _parameters(function)])
    return result if isinstance(result, tuple) else (result,)


class Plain:
    """One lane of an `optbench.optimizer`, stepped in plain Python."""

    def __init__(self, optimizer, start, steps):
        self.optimizer = optimizer
        self.layout = optimizer.layout()
        self.x = [float(value) for value in start]
        self.state = {
            name: list(self.x) if value == "x" else [value] * len(self.x)
            for part in optimizer.parts
            for name, value in part.state.items()
        }
        self.lane = {n: v for part in optimizer.parts for n, v in part.lane_state.items()}
        self.uniform = optimizer.uniform_table(steps)
        self.names = {part: self.layout.split_outputs(part)[0] for part in optimizer.parts}
        self.first = None

    def feed(self, g, f, step, phase):
        """Consume one gradient."""
        g, columns = list(g), self.uniform[step]
        self.scope = {"f": f, "f_ref": math.nan, "lr": self.optimizer.lr * columns[0]}
        self.scope |= {"phase": phase, "key": self._key(step), "count": len(g)}
        self.scope |= {"base_lr": self.optimizer.lr, "hessian": 1.0}
        self.scope |= self.optimizer.values
        if phase == 0:
            self.first = list(self.x)
        ascending = [part for part in self.optimizer.parts if "ascend" in part.functions]
        if ascending and phase == 0:
            self._apply(ascending[0], "ascend", g, {})
            return
        if ascending:
            self.x = list(self.first)
        outputs = self._outputs(columns)
        for part in sorted(self.optimizer.parts, key=lambda part: part.after):
            last = phase == self.optimizer.evaluations - 1
            if part not in ascending and (last or not part.after):
                self._apply(part, "update", g, outputs[part])
                if part is not self.optimizer.rule and outputs[part].get("restart", 0.0) > 0.0:
                    self._restart(self.optimizer.rule)

    def _restart(self, rule):
        """Have a rule's states begin anew."""
        for name, start in rule.state.items():
            self.state[name] = list(self.x) if start == "x" else [start] * len(self.x)
        self.lane.update(rule.lane_state)

    def _key(self, step):
        with np.errstate(over="ignore"):
            return mix(mix(~stream_key(0, "replay"), step), 0)

    def _outputs(self, columns):
        """Return what the parts' `uniform` functions gave in a step, by part and name."""
        outputs, at = {}, 1
        for part, names in self.names.items():
            numbers = [float(value) for value in columns[at : at + len(names)]]
            outputs[part] = dict(zip(names, numbers, strict=True))
            at += len(names)
        return outputs

    def _apply(self, part, kind, g, uniform):
        outputs = self._combine(part, g, uniform) if "combine" in part.functions else []
        wraps = kind == "update" and part is not self.optimizer.rule and not part.after
        target = g if wraps else self.x
        for i in range(len(g)):
            scope = {**self.scope, **uniform, **self.lane, **self._at(part, i, g)}
            target[i], *state = _call(part, kind, scope, outputs)
            for name, value in zip(part.state, state, strict=True):
                self.state[name][i] = value

    def _combine(self, part, g, uniform):
        sums, scope = (), {**self.scope, **uniform, **self.lane}
        if "measure" in part.functions:
            terms = [
                _call(part, "measure", {**scope, **self._at(part, i, g)}) for i in range(len(g))
            ]
            sums = [sum(column) for column in zip(*terms, strict=True)]
        results = _call(part, "combine", scope, sums)
        count = len(part.lane_state)
        self.lane.update(zip(part.lane_state, results[:count], strict=True))
        if "lr_scale" in part.lane_state:
            self.scope["lr"] *= self.lane["lr_scale"]
        return list(results[count:])

    def _at(self, part, i, g):
        own = {name: self.state[name][i] for name in part.state}
        return {"x": self.x[i], "g": g[i], "x_old": self.first[i], "index": i, **own}


def plain_replay(optimizer, gradients, start, values):
    """Return the query points [T + 1, d] of `optbench.replay`."""
    each = optimizer.evaluations
    lane = Plain(optimizer, start, -(-len(gradients) // each))
    points = [list(lane.x)]
    for i, gradient in enumerate(gradients):
        lane.feed([float(v) for v in gradient], float(values[i]), *divmod(i, each))
        points.append(list(lane.x))
    return np.array(points)
