"""What must hold for every problem of the catalog, as it is compiled and as an instance.

In dimensions other than the declared ones `make test` looks at the formulas as plain Python, and
`make conformance` at what is compiled: each dimension up to 8 is compiled by itself, and all
scalable problems take long.
"""

import numpy as np
import pytest

import optbench
from optbench.catalog import finding as catalog
from optbench.catalog.references import reference
from optbench.cli.checks import cost, problems
from optbench.define.definitions import NetDefinition
from optbench.nets import data
from tests.problems import helpers
from tests.thinning import sampled
from tests.tolerance import rounding

CATALOG = optbench.problems()
SURFACES = [
    name
    for name, found in CATALOG.items()
    if not isinstance(found, NetDefinition) and not found.instance_function
]
"""Those with instances of their own have tests of their own."""


def test_nothing_is_left_out():
    assert not catalog.named().refused, [one.message for one in catalog.named().refused]


@pytest.mark.parametrize("name", sampled(CATALOG, 10))
def test_every_check_holds(name, monkeypatch):
    """The same as ``optbench check NAME``, which takes its time to measure what none here asks."""
    monkeypatch.setattr(cost, "SECONDS", 0.0)
    report = problems.report(CATALOG[name])
    assert not report.failed, [finding.text for finding in report.findings if finding.failed]
    assert [finding.check for finding in report.findings] == list(problems.CHECKS.functions)


@pytest.mark.parametrize("name", SURFACES)
def test_gradients_of_an_instance_agree_with_differences(name):
    found = problems.CHECKS.finding("gradient", optbench.problem(name, instance=2))
    assert not found.failed, found.text


@pytest.mark.parametrize("name", sampled(SURFACES))
def test_steps_are_the_same_in_single_precision(name):
    problem = optbench.problem(name)
    lr = min(1e-5, 1e-3 / np.abs(problem.grad(problem.start)).max())
    steps = 3 + int(dict(problem.definition.given).get("stale", 0))
    run64, run32 = (
        optbench.minimize("momentum", problem, steps=steps, lr=lr, dtype=dtype)
        for dtype in ("float64", "float32")
    )
    assert run32.x.dtype == np.float32
    assert np.allclose(run32.x, run64.x, rtol=1e-4, atol=1e-5)


def scaled(dim):
    """Return all problems that exist in a dimension by their own scaling."""
    problems = [
        optbench.problem(name, dim) for name in SURFACES if 0 < CATALOG[name].scalable <= dim
    ]
    assert len(problems) > 20
    return problems


@pytest.mark.parametrize("dim", [2, 3, 7])
def test_scalable_problems_exist_in_other_dimensions(dim):
    for problem in scaled(dim):
        assert problem.start.shape == (dim,)
        if problem.minimum is not None:
            value = helpers.value(problem.definition, problem.minimum)
            assert value == pytest.approx(problem.f_min, abs=1e-9)


@pytest.mark.conformance
@pytest.mark.parametrize("dim", [2, 3, 7])
def test_compiled_for_other_dimensions_they_have_the_same_minimum(dim):
    for problem in scaled(dim):
        if problem.minimum is not None:
            assert problem.value(problem.minimum) == pytest.approx(problem.f_min, abs=1e-9)


def test_the_solver_supplies_the_reference_of_the_logistic_regression():
    problem = optbench.problem("logistic_breast_cancer", instance=3)
    f_ref, source = reference(problem)
    assert source == "solver"
    run = optbench.minimize("gd", problem, steps=3000, lr=1.0)
    examples = len(data.split(problem.definition.data, 3).train.y)  # f is the mean of their losses
    assert -rounding(examples, 1.0) <= run.f[0] - f_ref < 1e-4
    assert problem.value(run.x[0]) == pytest.approx(run.f[0], rel=1e-12)


def test_metadata_is_complete():
    for name, found in CATALOG.items():
        assert found.name == name and found.source and found.tags and found.family and found.place


def test_most_of_the_catalog_compiles_to_simd():
    many = [n for n in SURFACES if optbench.problem(n).compiled(np.float64)[0].lanes > 1]
    assert len(many) >= 0.8 * len(SURFACES)
