"""What `trace` shows is what compiled lanes compute, and is named as the author's code names it."""

import math

import numpy as np
import pytest

import optbench
from optbench.catalog import finding
from optbench.define import Log, optimizer
from optbench.errors import SettingError, UserError
from optbench.lanes.assignments import watched
from optbench.lanes.compiled_math import with_compiled_math
from optbench.rules import registry
from tests.thinning import thinned

STEPS = 4
OF_MATRICES = "factorisation_wide"
DEGENERATE = {"soap", "splus", "conda", "dion", "asgo"}
"""Bases of a gradient of low rank: in its null space rounding decides."""
RULES = [
    name for name in registry.optimizers()
    if not optbench.optimizer(name).hessian_every and name not in DEGENERATE | {"sgd"}
]  # fmt: skip
WRAPPED = [
    "momentum[sam_rho=0.3,clip_norm=1]", "adam[noise_eta=1]", "adam[spam_reset=2]",
    "gd[lr=1e-3,plateau_factor=0.5,plateau_patience=0]", "adam[hyperball=true]",
    "adam[ema=0.9,schedule=cosine,warmup=0.4,cautious=true,decay=0.1]",
]  # fmt: skip
PROBLEMS = [
    "rosenbrock[noise=0.1,rotate=true]", "rosenbrock[wander=0.1]", "rosenbrock[lag=0.5]",
    "rosenbrock[stale=2]", "logistic_breast_cancer", "moons_mlp",
]  # fmt: skip


def last_points(frame):
    """Return the reported points at the end of a trace, x where no other is reported."""
    end = frame[(frame.part == "lane") & (frame.step == frame.step.max())]
    end = end[end.gradient == end.gradient.max()]
    name = "reported" if (end.name == "reported").any() else "x"
    return end[end.name == name].value.to_numpy()


def check(spec, problem, seed=0, **hyper):
    own = finding.problem(problem)
    shown = list(range(min(6, own.dim)))
    frame = optbench.trace(spec, own, steps=STEPS, seed=seed, coordinates=shown, **hyper)
    lane = optbench.minimize(spec, own, steps=STEPS, seed=seed, threads=1, **hyper)
    assert lane.status[0] != "not finite"
    scale = np.abs(lane.x[0]).max()
    np.testing.assert_allclose(last_points(frame), lane.x[0, shown], rtol=1e-11, atol=1e-13 * scale)
    return frame


@pytest.mark.parametrize("spec", [*thinned(RULES, one_in=16), *thinned(WRAPPED, one_in=3)])
def test_the_points_are_those_of_compiled_lanes(spec):
    rule = optbench.optimizer(spec).rule
    small = {"lr": 1e-3} if "lr" not in spec else {}
    check(spec, OF_MATRICES if rule.matrix else "rosenbrock", **small)


@pytest.mark.parametrize("problem", thinned(PROBLEMS, one_in=3))
def test_noise_memory_batches_and_nets_are_the_lanes_own(problem):
    check("adam", problem, seed=3, lr=0.01)


OF_VECTORS = [name for name, rule in registry.optimizers().items() if "vectors" in rule.functions]


@pytest.mark.parametrize("rule", thinned([r for r in OF_VECTORS if r not in DEGENERATE], one_in=9))
def test_vectors_of_a_net_take_the_function_for_vectors(rule):
    frame = check(rule, "iris_tanh", lr=1e-3)
    of_rule = frame[(frame.part == rule) & frame.tensor.notna()]
    assert set(of_rule[of_rule.function == "vectors"].tensor) == {1, 3}  # the biases
    assert set(of_rule[of_rule.function == "update"].tensor) == {0, 2}


def test_adam_by_hand():
    frame = optbench.trace("adam", "rosenbrock", steps=1, lr=0.1).set_index(["name", "coordinate"])
    values = frame.value
    g = -215.6
    assert values[("g", 0)].item() == pytest.approx(g)
    assert values[("m", 0)].item() == pytest.approx(0.1 * g)
    assert values[("v", 0)].item() == pytest.approx(0.001 * g * g)
    assert values[("root", 0)].item() == pytest.approx(abs(g), abs=1e-6)
    assert values[("new x", 0)].item() == pytest.approx(-1.1)
    lane = frame[frame.index.get_level_values("coordinate").isna()].droplevel(1).value
    assert lane["c1"] == pytest.approx(10.0) and lane["c2"] == pytest.approx(math.sqrt(1000.0))
    assert lane["lr"] == 0.1 and lane["f"] == pytest.approx(24.2)


def test_wrappers_sums_and_both_gradients_of_a_step_are_in_it():
    frame = optbench.trace("gd", "rosenbrock", steps=1, sam_rho=0.1, clip_norm=1.0, lr=0.01)
    assert list(dict.fromkeys(frame.part)) == ["problem", "schedule", "sam", "lane", "clip", "gd"]
    assert sorted(set(frame.gradient)) == [1, 2]
    first = frame[frame.gradient == 1].set_index("name").value
    assert first["sum plain"] == pytest.approx(215.6**2 + 88.0**2)
    assert first["radius"] == pytest.approx(0.1 / math.hypot(215.6, 88.0))


def test_lines_are_where_the_names_are_assigned():
    frame = optbench.trace("adam", "rosenbrock", steps=1)
    rows = frame[frame.function == "update"]
    assert {"m", "v", "new x"} <= set(rows.name)
    for row in rows.itertuples():
        with open(row.file) as file:
            code = file.read().splitlines()[row.line - 1]
        assert code.strip().startswith(
            "return" if row.name.startswith("new") else f"{row.name}"
        ) or (row.name in code.partition("=")[0])


@optimizer(state="v", lr=Log(0.1), source="a test")
def odd_rule(x, g, v, lr):
    size = g * g
    v = v + size
    share = g / math.sqrt(v)
    return x - lr * share, v


def test_a_rule_of_ones_own_is_traced_and_division_by_zero_is_what_compiled_code_makes_of_it():
    frame = optbench.trace(odd_rule, "rosenbrock", steps=1, start=[1.0, 1.0])
    shares = frame[frame.name == "share"].value
    assert len(shares) == 2 and shares.isna().all()


@pytest.mark.parametrize(
    ("spec", "problem", "arguments", "message"),
    [
        ("adahessian", "rosenbrock", {}, "products with the Hessian"),
        ("muon", "rosenbrock", {}, "sees whole matrices"),
        ("adam", "rosenbrock", {"coordinates": [2]}, "from 0 to 1"),
        ("adam", "rosenbrock", {"start": [1.0]}, "expected \\[2\\]"),
        ("adam", "rosenbrock", {"steps": 10**7}, "ask for at most"),
    ],
)
def test_what_cannot_be_traced_is_said(spec, problem, arguments, message):
    with pytest.raises((SettingError, UserError), match=message):
        optbench.trace(spec, problem, **arguments)


def test_assignments_of_loops_tuples_and_lines_that_are_broken():
    def function(x):
        a, b = x, (
            2.0 * x
        )  # fmt: skip
        for _ in range(3):
            a += b
        pair = (a, b)
        return pair[0]

    result, line, assigned = watched(function, (1.0,))
    first = function.__code__.co_firstlineno
    assert result == 7.0 and line == first + 7
    values = {(each.name, each.line - first): each.value for each in assigned}
    assert values[("a", 1)] == 1.0 and values[("b", 1)] == 2.0
    assert values[("a", 5)] == 7.0 and values[("pair[0]", 6)] == 7.0


def test_a_tracer_that_is_set_stays():
    import sys

    def tracer(*_):
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        watched(lambda x: x, (1.0,))
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)


def test_math_of_compiled_code():
    scale = math.sqrt

    def function(x):
        return scale(x), math.log(x), math.exp(1000.0 * x * x)

    root, logarithm, power = with_compiled_math(function)(-1.0)
    assert math.isnan(root) and math.isnan(logarithm) and power == math.inf
    assert with_compiled_math(function)(0.0)[1] == -math.inf
    with pytest.raises(ValueError, match="math domain"):
        function(-1.0)
