"""Matrix rules on surfaces that declare the shapes of tensors: against replay, and lane by lane."""

import numpy as np
import pytest

import optbench
from optbench.catalog.identity import problem_identity
from optbench.define import Log, optimizer, problem, span
from optbench.errors import DefinitionError

TWO = "factorisation_truncated"


@problem(start=lambda d: np.linspace(-1.0, 1.0, d), f_min=0.0, minimum=0.0, shape=[(2, 3), (2,)])
def weighted(x, g):
    """Half of the sum of i x_i^2."""
    f = 0.0
    for i in range(len(x)):
        g[i] = (i + 1.0) * x[i]
        f += 0.5 * g[i] * x[i]
    return f


def followed(rule, surface, start, steps, points="reported", **settings):
    """Return the points of replay, fed with the gradients of a surface."""
    surface = optbench.problem(surface)
    shapes = surface.definition.shapes(surface.dim)
    state, x = None, start
    for _ in range(steps):
        seen, state = optbench.replay(
            rule, [surface.grad(x)], start, shape=shapes, state=state, return_state=True,
            points="query", **settings,
        )  # fmt: skip
        x = seen[-1]
    return state.state["average"].ravel() if points == "average" else x


@pytest.mark.parametrize("surface", [weighted, TWO])
@pytest.mark.parametrize("rule", ["muon", "soap", "sm3"])
def test_equals_replay_on_a_surface(rule, surface):
    run = optbench.minimize(rule, surface, steps=25)
    start = optbench.problem(surface).starts([0])[0]
    np.testing.assert_allclose(run.x[0], followed(rule, surface, start, 25), rtol=1e-12)


def test_what_a_matrix_rule_reports_is_recorded():
    start = optbench.problem(weighted).start
    run = optbench.minimize("splus", weighted, steps=25)
    rows = followed("splus", weighted, start, 25, "average").reshape(-1, 64)
    np.testing.assert_allclose(run.x[0], [*rows[0, :6], *rows[1, :2]], rtol=1e-12)


@pytest.mark.parametrize("settings", [{}, dict(clip_norm=0.1), dict(sam_rho=0.1)])
def test_lanes_do_not_see_each_other(settings):
    together = optbench.minimize("muon", TWO, steps=20, lanes=11, seed=1, **settings)
    assert len({lane.tobytes() for lane in together.x}) == 11
    for seed in (1, 8, 11):
        alone = optbench.minimize("muon", TWO, steps=20, seed=seed, **settings)
        assert alone.x[0].tobytes() == together.x[seed - 1].tobytes()
        assert alone.records.f.tobytes() == together.records.f[[seed - 1]].tobytes()


def test_clipping_is_by_lane():
    start = optbench.problem(weighted).starts(range(1, 4))
    clipped = optbench.minimize("shampoo", weighted, steps=9, lanes=3, seed=1, clip_norm=0.5)
    for lane in range(3):
        expected = followed("shampoo", weighted, start[lane], 9, clip_norm=0.5)
        np.testing.assert_allclose(clipped.x[lane], expected, rtol=1e-12)


def test_lanes_have_rates_and_settings_of_their_own():
    own = dict(lr=np.array([1e-3, 1e-1, 1e-2]), momentum=np.array([0.5, 0.9, 0.0]))
    together = optbench.minimize("muon", TWO, steps=9, lanes=3, **own)
    for lane in range(3):
        settings = {name: values[lane] for name, values in own.items()}
        alone = optbench.minimize("muon", TWO, steps=9, seed=lane, **settings)
        assert alone.x[0].tobytes() == together.x[lane].tobytes()


@optimizer(matrix=True, memory={"steps": "m"}, lr=Log(0.1))
def exploding(x, g, steps, lr):
    """Counts its steps, and leaves the finite at the third where x begins above 1."""
    steps[0] += 1.0
    for i in range(x.shape[0]):
        for j in span(x.shape[1]):
            x[i, j] -= lr * g[i, j]
    if x[0, 0] > 0.5 and steps[0] > 2.5:
        x[0, 0] *= 1e308 * 1e308


def test_a_lane_that_leaves_the_finite_ends_alone():
    starts = np.array([[2.0] * 8, [0.25] * 8, [0.1] * 8])
    run = optbench.minimize(exploding, weighted, steps=9, lanes=3, start=starts, lr=1e-3)
    assert run.status.tolist() == ["not finite", "budget", "budget"]
    alone = optbench.minimize(exploding, weighted, steps=9, start=starts[1], lr=1e-3)
    assert alone.x[0].tobytes() == run.x[1].tobytes()
    assert np.isfinite(run.x).all()


def test_layerwise_rules_take_each_tensor_as_a_layer():
    run = optbench.minimize("lamb", weighted, steps=9)
    start = optbench.problem(weighted).start
    np.testing.assert_allclose(run.x[0], followed("lamb", weighted, start, 9), rtol=1e-12)


def test_shapes_are_of_the_problem_alone():
    plain = problem(start=weighted.start, f_min=0.0, minimum=0.0, dim=8, name="weighted")
    plain = optbench.problem(plain(weighted.function))
    shaped = optbench.problem(weighted)
    assert not plain.has_matrices and shaped.has_matrices
    assert problem_identity(plain) != problem_identity(shaped)
    runs = [optbench.minimize("adam", surface, steps=9).x for surface in (plain, shaped)]
    assert runs[0].tobytes() == runs[1].tobytes()
    np.testing.assert_array_equal(shaped.tensor_table, [0, 6, 8, 6, 2, 2, 0])


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (dict(shape=(2, 3), dim=7), r"shape \(\(2, 3\),\) has 6 numbers; the dimension is 7"),
        (dict(shape=(2, 3, 1)), "a tensor of a surface has one side or two"),
        (dict(shape="mn"), "shape is 'mn'; give one shape"),
        (dict(shape=(2, 0)), "shape"),
        (dict(shape=(2, 3), rotated=True), "mixes all coordinates"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(declared, message):
    with pytest.raises(DefinitionError, match=message):
        problem(start=0.0, name="unfit", **declared)(weighted.function)
