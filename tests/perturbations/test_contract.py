"""What must hold for every problem holds for perturbed ones: the checks of `optbench check`."""

import numpy as np
import pytest

from optbench.catalog import finding
from optbench.cli.checks import problems
from optbench.kernels.sizes import WIDTHS
from optbench.perturbations.catalog import PERTURBATIONS
from optbench.perturbations.linear import permute, rotate

SWITCHES = {permute, rotate}


def written(perturbation):
    """Return a perturbation's first setting at its default."""
    value = perturbation.settings[perturbation.first].default
    return f"{perturbation.first}={'true' if perturbation in SWITCHES else value}"


def assert_passes(name):
    report = problems.report(finding.definition(name))
    assert not report.failed, report


@pytest.mark.conformance
@pytest.mark.parametrize("base", ["rosenbrock", "ackley"])
@pytest.mark.parametrize("perturbation", PERTURBATIONS, ids=lambda one: one.name)
def test_every_perturbation_of_a_gradient_by_hand_and_of_one_by_duals(base, perturbation):
    assert_passes(f"{base}[{written(perturbation)}]")


@pytest.mark.conformance
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("perturbation", PERTURBATIONS, ids=lambda one: one.name)
def test_every_perturbation_runs_in_simd(perturbation, dtype):
    problem = finding.problem(f"sphere[{written(perturbation)}]", 10)
    assert problem.function(dtype).lanes >= WIDTHS[np.dtype(dtype)]


@pytest.mark.parametrize(
    "name",
    [
        "ackley[scale=10,permute=true,barrier=1,noise=0.1,stale=2]",
        "rosenbrock[drift=0.01,rotate=true,penalty=10,sparse=0.5]",
    ],
)
def test_several_together(name):
    assert_passes(name)


@pytest.mark.conformance
@pytest.mark.parametrize("name", ["logistic_breast_cancer", "bbob_f08", "noisy_quadratic"])
def test_data_bbob_and_noisy_problems(name):
    assert_passes(f"{name}[noise=0.1,gradient_bits=8,stale=2]")
