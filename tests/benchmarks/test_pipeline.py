"""What surrounds the kernels: a study's cells, reading them back, and the whole run with report."""

import pytest

import optbench
from optbench import session
from optbench.study.schema import Study

STUDY = """
steps = 200
seeds = 3
optimizers = ["gd", "adam"]
problems = ["sphere", "rosenbrock"]
lr = { low = 0.001, high = 0.1, count = 3 }
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "small.toml"
    path.write_text(STUDY)
    return Study.from_toml(path)


@pytest.fixture(scope="module")
def finished(study, tmp_path_factory):
    return session.run(study, tmp_path_factory.mktemp("runs") / "run")


@pytest.mark.benchmark(group="pipeline")
def test_run(benchmark, study, finished, tmp_path):
    folder = benchmark.pedantic(session.run, (study, tmp_path / "again"))
    assert (folder / "report" / "index.html").is_file()


@pytest.mark.benchmark(group="pipeline")
def test_load(benchmark, finished):
    frames = benchmark.pedantic(optbench.load, (finished,), rounds=7, warmup_rounds=1)
    assert set(frames["convergence"]["optimizer"]) == {"gd", "adam"}


@pytest.mark.benchmark(group="pipeline")
def test_report(benchmark, finished):
    page = benchmark.pedantic(session.write_report, (finished,), rounds=2)
    assert page.is_file()
