"""Processor seconds to compile a unit: every rule, every problem of the catalog, the drivers, cold.

Run as a script this file compiles them all in float64 and prints the seconds of each kind.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from .cases import Case, own_time

REQUIRED = 0.25
KINDS = ("drivers", "rules", "problems")
ROOT = Path(__file__).resolve().parents[2]


def compile_all(dtype="float64"):
    """Return, by kind, (units, processor seconds of compilation)."""
    import numpy as np

    from optbench.catalog import finding
    from optbench.define.definitions import NetDefinition
    from optbench.kernels.cpu.driver import compiled
    from optbench.lanes import simulating
    from optbench.nets import data
    from optbench.rules import compose, registry

    definitions = list(finding.problems().values())
    optimizers = [compose.optimizer(name) for name in registry.optimizers()]
    optimizers = [o for o in optimizers if not o.rule.matrix]  # those need the layers of a net
    for definition in definitions:  # what is not compilation comes first
        if definition.data is not None:
            data.split(definition.data, None)
        if not isinstance(definition, NetDefinition):
            finding.problem(definition)
    first, rule = finding.problem("sphere"), optimizers[0]

    def compile_problem(definition):
        return lambda: simulating.program(finding.problem(definition), rule, dtype)

    work = {
        "drivers": [lambda g=g: compiled(np.dtype(dtype), g) for g in (True, False)],
        # The first pair compiles a rule and a problem; each further one adds one of them.
        "rules": [lambda o=o: simulating.program(first, o, dtype) for o in optimizers],
        "problems": [compile_problem(d) for d in definitions if d.name != first.name],
    }
    found = {}
    for kind, units in work.items():
        began = time.process_time()
        for compile_one in units:
            compile_one()
        found[kind] = len(units), time.process_time() - began
    count, seconds = found["rules"]
    found["rules"] = count + 1, seconds
    return found


def _measure():
    """Return seconds by kind and a unit, from a fresh process without a compile cache."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.compiling"], cwd=ROOT, text=True,
        env={**os.environ, "OPTBENCH_CACHE": "off"}, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def _build():
    latest = {}

    def unit():
        latest.update(_measure())
        units = sum(latest[kind][0] for kind in KINDS)
        return sum(latest[kind][1] for kind in KINDS) / units

    def of(kind):
        return lambda: latest[kind][1] / latest[kind][0]

    return {"a unit": unit, **{f"a unit of {kind}": of(kind) for kind in KINDS}}


def cases():
    """All units in a fresh process, a few times over."""
    yield Case(
        "compile", "all rules and problems, float64", _build, own_time, REQUIRED, at_most=True,
        repeats=3, unit="s", warm=False,
    )  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(compile_all()))
