"""A small study of each kind of problem, run once, and its results as they are kept."""

import functools

import pytest

from optbench.report.baseline import stored, writing
from optbench.study import invocation
from optbench.study.narrowing import Filters, narrowed
from optbench.study.schema import Study

STUDY = Study(
    name="small", optimizers=("momentum", "adam", "gd", "scipy_lbfgsb"),
    problems=(
        {"name": "rosenbrock", "dims": [2]}, {"name": "sphere", "dims": [2]},
        {"name": "noisy_quadratic"}, {"name": "moons_mlp", "steps": 20},
    ),
    steps=60, tuning_instances=(1, 2, 3, 4, 5, 6), scoring_instances=(7, 8, 9, 10, 11, 12, 13),
    lr={"low": 1e-4, "high": 1e-1, "count": 7},
)  # fmt: skip


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """Return the folder of a run of the whole study."""
    return invocation.compute(STUDY, tmp_path_factory.mktemp("whole") / "run", threads=1)


@pytest.fixture(scope="session")
def tables(whole):
    """Return the folder of what is kept of it."""
    return writing.write(whole, whole.parent / "kept" / "small")


@pytest.fixture(scope="session")
def kept(tables):
    return stored.read(tables)


@pytest.fixture(scope="session")
def part(tmp_path_factory):
    """Return a function that runs the study with some optimizers, once."""
    root = tmp_path_factory.mktemp("parts")

    @functools.cache
    def run(*optimizers):
        study = narrowed(STUDY, Filters(optimizers=optimizers))
        return invocation.compute(study, root / "-".join(optimizers), threads=1)

    return run
