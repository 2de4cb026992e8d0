"""The numerics of update rules: constants, starts without slope, NaN, one way to divide.

Right values are by hand, or those of the same run in other units.
"""

import ast
import inspect
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import optbench
from optbench.kernels.compiling.features import LEVEL
from tests.faults.every_rule import EVERY, RULES, shape_of
from tests.thinning import in_both_dtypes, sampled

ROOT = Path(__file__).parents[2]


# ------------------------------------------------------------------------------- constants


def test_the_first_step_of_adam_in_float32_is_lr():
    iterates = optbench.replay("adam", [[1.0]], [0.0], lr=1.0, eps=1e-30, dtype="float32")
    assert iterates[1, 0] == pytest.approx(-1.0, abs=1e-7)


def constant_arithmetic(part, layout):
    """Return arithmetic of `part` in the kernel's precision on nothing but settings."""
    settled = {*part.hyper, *layout.split_outputs(part)[0]} - {"lr"}
    for kind, function in part.functions.items():
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        for node in ast.walk(tree) if kind != "uniform" else ():
            leaves = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            if isinstance(node, ast.BinOp) and leaves and leaves <= settled:
                yield ast.unparse(node)


EXACT = {"2.0 * partial"}  # products with powers of two


@pytest.mark.parametrize("spec", EVERY)
def test_nothing_that_settings_determine_is_computed_in_the_kernels_precision(spec):
    layout = optbench.optimizer(spec).layout()
    assert {text for part in layout.parts for text in constant_arithmetic(part, layout)} <= EXACT


@pytest.mark.parametrize("name", sampled(n for n, rule in RULES.items() if "beta2" in rule.hyper))
def test_float32_follows_float64_where_beta2_is_near_1(name):
    """1 - beta2 of the rounded beta2 = 0.99999 is off by 1e-3; of ten steps errors stay at eps."""
    rng = np.random.default_rng(0)
    gradients = np.float32(rng.uniform(1, 2, (10, 6))).astype(float)
    run = dict(beta2=0.99999, lr=0.125, shape=shape_of(name), values=np.full(10, 1e3))
    wide, narrow = (
        optbench.replay(name, gradients, np.zeros(6), dtype=dtype, **run)
        for dtype in ("float64", "float32")
    )
    np.testing.assert_allclose(narrow, wide, rtol=0, atol=2e-5 * np.abs(wide).max())


# ----------------------------------------------------------------------- a start without slope


def test_dadaptation_takes_its_scale_from_the_first_gradient_that_is_not_0():
    iterates = optbench.replay("dadapt_sgd", [[0.0], [1.0], [1.0], [1.0]], [0.0])
    np.testing.assert_allclose(iterates.ravel(), [0, 0, -1e-7, -2.9e-7, -5.61e-7], rtol=1e-12)


@pytest.mark.parametrize(("spec", "dtype"), in_both_dtypes(EVERY))
def test_gradients_that_begin_with_zeros_do_not_stop_a_rule(spec, dtype):
    gradients = np.repeat([0.0, 1.0], [4, 12])[:, None] * np.ones(6)
    iterates = optbench.replay(
        spec, gradients, np.ones(6), values=np.full(16, 2.0), shape=shape_of(spec), dtype=dtype,
        points="query",
    )  # fmt: skip
    assert np.isfinite(iterates).all()
    assert (
        iterates[-1] < iterates[4]
    ).all() or spec == "gd[centralise=true]"  # it takes the mean away


# ---------------------------------------------------------------------- what is not finite

SEEN_AHEAD = {"gd[sam_rho=0.5]": "the first gradient of a step shows in the point ahead"}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("spec", EVERY)
def test_a_gradient_that_is_not_finite_is_seen_in_its_coordinate(spec, bad):
    """At the first step and at a later one, at once and for good."""
    for at in (0, 2):
        gradients = np.where(np.arange(6) % 2, 1.0, -1.0) * np.ones((6, 1))
        gradients[at, 1] = bad
        iterates = optbench.replay(
            spec, gradients, np.ones(6), values=np.ones(6), shape=shape_of(spec), points="query"
        )
        assert np.isfinite(iterates[: at + 1]).all()
        assert not np.isfinite(iterates[at + 1, 1])
        if spec not in SEEN_AHEAD:
            assert not np.isfinite(iterates[at + 1 :, 1]).any()


def test_signs_of_what_is_not_finite():
    for spec in ("sign_sgd", "signum", "lion", "rprop", "gd[clip_value=1]"):
        iterates = optbench.replay(spec, [[np.nan, np.inf, -np.inf, 0.0, 2.0]], np.zeros(5), lr=1.0)
        assert np.isnan(iterates[1, :3]).all() and iterates[1, 3] == 0.0 and iterates[1, 4] == -1.0


# -------------------------------------------------------------------------- one way to divide

CUTS = """
import numpy as np, optbench
rng = np.random.default_rng(0)
gradients = rng.standard_normal((30, 6)) * 10.0 ** rng.uniform(-1, 1, 6)
def run(gradients, state=None):
    return optbench.replay("dadapt_sgd", gradients, np.ones(6), state=state, return_state=True)
whole = run(gradients)[1]
for cut in (1, 2):
    last = run(gradients[cut:], run(gradients[:cut])[1])[1]
    assert all((last.state[name] == array).all() for name, array in whole.state.items()), cut
    assert last.lane_state == whole.lane_state, cut
"""


@pytest.mark.skipif(LEVEL != "avx512", reason="only AVX-512 has the estimates")
def test_a_run_by_newton_steps_can_be_cut_anywhere():
    settings = dict(OPTBENCH_DIVISION="newton", OPTBENCH_ROOT="newton", PYTHONPATH=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-c", CUTS], env={**os.environ, **settings}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
