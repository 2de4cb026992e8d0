"""The numerics of update rules: losses below 0, huge and tiny gradients, NaN, zeros, constants.

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
from optbench.nets import stopping_criteria
from optbench.rules.matrix_algebra import eigenvectors, orthonormal_factor
from tests.thinning import in_both_dtypes, sampled

ROOT = Path(__file__).parents[2]
RULES = optbench.optimizers()
WRAPPED = [
    "gd[sam_rho=0.5]", "gd[noise_eta=0.01]", "gd[centralise=true]", "gd[clip_value=1]",
    "gd[clip_norm=1]", "gd[l2=0.1]", "gd[l1=0.1]", "gd[plateau_factor=0.5]", "gd[cautious=true]",
    "gd[decay=0.1]", "gd[l1_prox=0.1]", "gd[lookahead_steps=2]", "gd[ema=0.9]", "gd[tail=0.5]",
]  # fmt: skip
EVERY = [*RULES, *WRAPPED]
HUGE, TINY = {"float64": 2.0**660, "float32": 2.0**66}, {"float64": 2.0**-660, "float32": 2.0**-100}


def shape_of(spec):
    """Return the shape that a matrix rule needs."""
    return [(2, 3)] if optbench.optimizer(spec).rule.matrix else None


# ------------------------------------------------------------------------- losses below 0


@pytest.mark.parametrize(
    ("value", "option", "expected"),
    [
        (-1.0, 0, [0, -1, -1.5, -1.75, -1.875, -1.9375]),
        (0.0, 0, [0, -1, -1.5, -1.75, -1.875, -1.9375]),
        (2.0, 0, [0, -1, -1.5, -1.75, -1.875, -1.9375]),
        (-1.0, 1, [0, -1, -2, -3, -4, -5]),  # torch's: -1 is below -0.9999
    ],
)
def test_a_loss_that_stands_still_is_a_plateau_whatever_its_sign(value, option, expected):
    iterates = optbench.replay(
        "gd[plateau_factor=0.5,plateau_patience=0]", [[1.0]] * 5, [0.0], values=[value] * 5,
        lr=1.0, plateau_as_torch=option,
    )  # fmt: skip
    np.testing.assert_array_equal(iterates.ravel(), expected)


def test_a_plateau_below_0_needs_a_fall_by_a_share_of_the_loss():
    """-1 to -1.05 is no gain with a threshold of 0.1, to -1.15 it is one."""
    run = dict(lr=1.0, plateau_factor=0.5, plateau_patience=0, plateau_threshold=0.1)
    iterates = optbench.replay("gd", [[1.0]] * 3, [0.0], values=[-1.0, -1.05, -1.15], **run)
    np.testing.assert_array_equal(iterates.ravel(), [0, -1, -1.5, -2.0])


@pytest.mark.parametrize("shift", [0.0, -1.0, -5.0])
def test_early_stopping_below_0(shift):
    """By 10 % of the size of the least loss, 2 + shift: at 2.3, or 1.2, or -2.6 of -3."""
    least = 2.0 + shift
    falling = np.array([3.0, 2.5, 2.0]) + shift
    assert (
        stopping_criteria.apply("generalisation_loss:10", [1.0] * 4, [*falling, least + 0.05])[0]
        == 3
    )
    beyond = least + 0.11 * abs(least)
    below = least + 0.09 * abs(least)
    losses = [*falling, below, beyond, beyond, beyond]
    assert stopping_criteria.apply("generalisation_loss:10", np.ones(7), losses) == (4, 2)


def test_early_stopping_at_a_least_loss_of_0():
    assert stopping_criteria.apply("generalisation_loss:10", np.ones(4), [1.0, 0.0, 0.0, 0.1]) == (
        3,
        1,
    )


def test_early_stopping_by_progress_below_0():
    """Progress 1000 (mean - least) / |least| of -1.1 ... -1.5 is 1000 0.2 / 1.5; GL is 50."""
    train = [-1.0, -1.1, -1.2, -1.3, -1.4, -1.5]
    validation = [-1.0, -2.0, -1.9, -1.8, -1.7, -1.0]
    limit = 50.0 / (1000.0 * 0.2 / 1.5)
    assert stopping_criteria.apply(f"quotient:{0.99 * limit}", train, validation)[0] == 5
    more = [*train, -2.0], [*validation, -3.0]
    assert stopping_criteria.apply(f"quotient:{1.01 * limit}", *more)[0] == 6


# ----------------------------------------------------------------- huge and tiny gradients


@pytest.mark.parametrize(
    ("gradient", "dtype"),
    [(1e200, "float64"), (1.7e308, "float64"), (1e20, "float32"), (3e38, "float32")],
)
def test_clipping_keeps_the_direction_of_huge_gradients(gradient, dtype):
    iterates = optbench.replay("gd[clip_norm=1]", [[gradient]], [0.0], lr=1.0, dtype=dtype)
    assert iterates[1, 0] == -1.0
    pair = [[0.6 * gradient, -0.8 * gradient]]
    iterates = optbench.replay("gd[clip_norm=1]", pair, [0.0, 0.0], lr=1.0, dtype=dtype)
    np.testing.assert_allclose(iterates[1], [-0.6, 0.8], rtol=4 * np.finfo(dtype).eps)


def test_clipping_leaves_gradients_below_the_limit_as_they_are():
    """Also huge ones with tiny coordinates, which would be lost in other units.

    The least are normal numbers: subnormal ones are zero in all compiled code.
    """
    gradient = [1e200, 1e-200, np.finfo(float).tiny]
    iterates = optbench.replay("gd[clip_norm=1e201]", [gradient], np.zeros(3), lr=1.0)
    np.testing.assert_array_equal(-iterates[1], gradient)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sharpness_aware_ascent_has_the_length_rho(dtype):
    for size in (1.0, HUGE[dtype]):
        gradient = [[0.6 * size, -0.8 * size]]
        iterates = optbench.replay(
            "gd[sam_rho=2]", gradient, [0.0, 0.0], points="query", dtype=dtype
        )
        # 1e-12 is added to the norm, here 1
        tolerance = 1.01e-12 / size + 8 * np.finfo(dtype).eps
        np.testing.assert_allclose(iterates[1], [1.2, -1.6], rtol=tolerance)


IN_ANY_UNITS = {
    # rule with its eps at 0 or beside the point, and whether tiny gradients move it as well
    "lars": True,
    "fromage": False,  # gradients are at least as long as min_norm
    "novograd": False,  # eps
    "adam_mini": False,  # eps
    "amos": False,  # eps
    "mars_lion": False,  # what is shorter than 1 is not clipped
    "adagrad_norm[b0=0.001]": False,  # b0
    "dog": False,  # eps
    "dadapt_sgd": True,
    "gd[clip_norm=0.001]": False,  # 1e-6 is added to the norm
    "muon": False,  # eps
}


@pytest.mark.parametrize(("spec", "dtype"), in_both_dtypes(IN_ANY_UNITS))
def test_what_divides_by_a_norm_does_not_see_the_unit_of_gradients(spec, dtype):
    """A power of two changes no digit of a gradient, so nothing but eps makes a difference."""
    rng = np.random.default_rng(0)
    gradients = np.sign(rng.standard_normal((8, 6))) * rng.uniform(1, 2, (8, 6))
    start = rng.standard_normal(6)
    run = dict(shape=shape_of(spec), dtype=dtype)
    ordinary = optbench.replay(spec, gradients, start, **run)
    assert np.ptp(ordinary, axis=0).min() > 0.0
    step = np.abs(ordinary - ordinary[0]).max()
    tolerance = 1e-5 * step + 4 * np.finfo(dtype).eps  # eps is 1e-6 of a gradient of size 1
    sizes = (HUGE, TINY) if IN_ANY_UNITS[spec] else (HUGE,)
    for size in sizes:
        iterates = optbench.replay(spec, size[dtype] * gradients, start, **run)
        np.testing.assert_allclose(iterates, ordinary, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("name", "dtype"), in_both_dtypes([n for n, rule in RULES.items() if not rule.matrix])
)
def test_huge_and_tiny_gradients_leave_points_finite(name, dtype):
    """Where squares overflow, what divides by their root stands still."""
    gradients = np.random.default_rng(0).standard_normal((14, 4))
    run = dict(values=np.ones(14), dtype=dtype, points="query", lr=1e-3)
    for size in (HUGE[dtype], TINY[dtype]):
        iterates = optbench.replay(name, size * gradients, np.ones(4), **run)
        assert np.isfinite(iterates).all()


def test_weighted_distances_over_gradients_for_huge_gradients():
    """DoWG's first step from 0: r^2 g / (r |g|), r = 0.01; |g| = 5e200."""
    iterates = optbench.replay("dowg", [[3e200, 4e200]], [0.0, 0.0])
    np.testing.assert_allclose(iterates[1], [-0.006, -0.008], rtol=1e-12)


@pytest.mark.parametrize("spec", ["polyak", "momo", "polyak_estimate[gamma=55]"])
def test_polyaks_step_for_huge_and_tiny_gradients(spec):
    """5 / |g|^2 times g, |g| = 5e200; of tiny gradients it is the largest step, lr."""
    iterates = optbench.replay(spec, [[3e200, 4e200]], [0.0, 0.0], values=[5.0])
    np.testing.assert_allclose(iterates[1], [-6e-201, -8e-201], rtol=1e-12)
    iterates = optbench.replay(spec, [[3e-200, 4e-200]], [0.0, 0.0], values=[5.0], lr=0.5)
    np.testing.assert_allclose(iterates[1], [-1.5e-200, -2e-200], rtol=1e-12)
    iterates = optbench.replay(spec, [[0.0, 0.0]], [1.0, 1.0], values=[0.0])
    np.testing.assert_array_equal(iterates[1], [1.0, 1.0])


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("size", [1e200, 1.0, 1e-200])
def test_barzilai_and_borwein_solve_a_parabola_of_any_size_in_two_steps(size, short):
    """f = 2 x^2: a step of 0.1 leads from size to 0.6 size, where g = 2.4 size; 1/4 is exact."""
    gradients = [[4.0 * size], [2.4 * size]]
    iterates = optbench.replay("barzilai_borwein", gradients, [size], lr=0.1, short=short)
    np.testing.assert_allclose(iterates.ravel() / size, [1.0, 0.6, 0.0], atol=1e-15)


@pytest.mark.parametrize("size", [2.0**-700, 1.0, 2.0**700])
def test_bases_of_huge_and_tiny_matrices(size):
    a = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]])
    with np.errstate(all="ignore"):  # of three sums of squares the two that are not taken
        ordinary, q = np.empty((2, 3, 3))
        eigenvectors(a.copy(), ordinary)
        eigenvectors(size * a, q)
        np.testing.assert_array_equal(q, ordinary)
        np.testing.assert_allclose(q.T @ a @ q, np.diag(np.diag(q.T @ a @ q)), atol=1e-12)
        orthonormal_factor(size * a, q, np.empty(3), np.empty(3))
    np.testing.assert_allclose(q.T @ q, np.eye(3), atol=1e-14)
    np.testing.assert_allclose(np.tril(q.T @ a, -1), 0.0, atol=1e-14)


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
