"""What checks compile is no more than they need, and known before."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import optbench
from optbench.cli.checks.optimizers import LAWS
from optbench.cli.checks.problems import CHECKS
from optbench.errors import UserError
from optbench.rules import compose

ROOT = Path(__file__).resolve().parents[3]


def names(checks, subject):
    return {unit.name for unit in checks.units(subject)}


def test_a_net_needs_its_gradient_alone():
    net = optbench.problem("xor_sigmoid", instance=0)
    assert names(CHECKS, net) == {
        f"{name} ({dtype})"
        for dtype in ("float64", "float32")
        for name in (
            "the gradient of nets",
            "dense of nets, forward",
            "dense of nets, backward",
        )  # fmt: skip
    }


def test_a_declared_minimum_is_looked_at_in_all_dimensions():
    problem = optbench.problem("rosenbrock", dim=2, instance=0)
    labels = {"rosenbrock (d=2) (float32)"}
    labels |= {f"rosenbrock (d={dim}) (float64)" for dim in problem.definition.dims}
    assert len(labels) > 2 and names(CHECKS, problem) == labels


def test_a_matrix_rule_needs_no_driver():
    assert "the driver of surfaces (float64)" in names(LAWS, compose.optimizer("adam"))
    assert not any("driver" in name for name in names(LAWS, compose.optimizer("muon")))


def test_what_has_no_units_still_gets_its_report():
    def refuse(subject):
        raise UserError("wrong")
        yield

    checks = type(CHECKS)("problem", {"a": lambda s: "fine"}, (), refuse)
    (finding,) = checks.report("subject", "name", "place").findings
    assert (finding.status, finding.text) == ("ok", "fine")


@pytest.mark.parametrize("name", ["noisy_beale", "rosenbrock", "adam"])
def test_all_that_takes_long_is_known_before(name):
    """In a process of its own: here all may be in memory."""
    script = textwrap.dedent(f"""
        from optbench.cli.checks import running
        from optbench.cli.checks.names import check
        from optbench.kernels.compiling import cache
        from optbench.lanes.pool import compile_all

        def compile_here(units, processes):
            compile_all(units, 1)
            compiled = cache.compiled

            def late(function, *arguments):
                print(function.__name__)
                return compiled(function, *arguments)

            cache.compiled = late

        running.compile_all = compile_here
        assert not check({name!r}).failed
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, text=True, capture_output=True, check=True
    )
    assert set(done.stdout.split()) <= {"invoke", "repeat", "_replaced_mode"}
