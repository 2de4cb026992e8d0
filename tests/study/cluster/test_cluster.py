"""Studies on a scheduler and worker processes: the bytes of a local run, whatever is lost."""

import os
import signal

import pytest

from optbench.study.cluster import connecting, sending
from optbench.study.cluster.connecting import ClusterError
from optbench.study.invocation import compute
from optbench.study.progress import Progress
from optbench.study.results import DONE, FAILED, Results
from optbench.study.schema import Study
from tests.faults.runs import interrupt_at
from tests.study.cluster.clusters import Cluster

pytest.importorskip("distributed", reason="needs the extra distributed")

STUDY = Study(
    name="small", optimizers=("momentum", "adam", "scipy_bfgs"),
    problems=({"name": "booth"}, {"name": "noisy_quadratic"}), steps=30, seeds=2,
    tuning_instances=(1, 2), scoring_instances=(3, 4, 5, 6),
    lr={"low": 1e-3, "high": 1e-1, "count": 5},
)  # fmt: skip
SUBMIT, KEEP = connecting.Cluster.submit, sending.keep
RULE = """
import os, signal
from optbench.define import Log, optimizer

if os.environ.get("LOSES_ITS_WORKER"):
    os.kill(os.getppid(), signal.SIGKILL)

@optimizer(lr=Log(1e-2), source="here")
def mine(x, g, lr):
    return x - lr * g
"""


@pytest.fixture
def cluster(tmp_path):
    with_processes = Cluster(tmp_path)
    yield with_processes
    with_processes.close()


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    return stored(compute(STUDY, tmp_path_factory.mktemp("local")))


def stored(folder):
    """Return the bytes of all cells, and the facts of all pairs."""
    with Results(folder) as results:
        names = {name[:4]: results.get(name[4]) for name in results.names()}
        cells = {
            (*name, array): (values.dtype, values.shape, values.tobytes())
            for name, (_, arrays) in names.items()
            for array, values in arrays.items()
        }
        return cells, results.pairs()


def test_a_run_that_loses_a_worker_has_the_bytes_of_a_local_one(
    cluster, local, tmp_path, monkeypatch
):  # fmt: skip
    """It is stopped when it gets its first pairs, so that it has them when it is killed."""
    processes = [cluster.worker("--no-nanny"), cluster.worker("--no-nanny")]
    cluster.wait_for(2)
    stopped, sent, keep = [], [], sending.keep

    def submit(own, worker, function, *arguments):
        if not stopped:
            stopped.append(own.client.run(os.getpid, workers=[worker])[worker])
            os.kill(stopped[0], signal.SIGSTOP)
        sent.append([(task.order.optimizer, task.order.problem) for task in arguments[0]])
        return SUBMIT(own, worker, function, *arguments)

    def killing(*arguments):
        os.kill(stopped[0], signal.SIGKILL)
        keep(*arguments)

    monkeypatch.setattr(connecting.Cluster, "submit", submit)
    monkeypatch.setattr(sending, "keep", killing)
    progress = Progress()
    compute(STUDY, tmp_path / "run", scheduler=cluster.address, progress=progress)
    (lost,) = (process for process in processes if process.pid == stopped[0])
    assert lost.wait() == -signal.SIGKILL and progress.failures == []
    assert all([pair] in sent[1:] for pair in sent[0])  # they are sent again, each by itself
    assert stored(tmp_path / "run") == local


def test_an_interrupted_run_goes_on_with_what_it_has(cluster, local, tmp_path, monkeypatch):
    interrupt_at(monkeypatch, cell=4)
    with pytest.raises(KeyboardInterrupt):
        compute(STUDY, tmp_path / "run", threads=1)
    monkeypatch.undo()
    before = stored(tmp_path / "run")[0]
    assert before and len(before) < len(local[0])
    cluster.worker("--no-nanny")
    cluster.wait_for(1)
    kept = []
    monkeypatch.setattr(sending, "keep", lambda *a: (kept.append(a[0].names), KEEP(*a)))
    compute(STUDY, tmp_path / "run", scheduler=cluster.address)
    assert kept and {name[:4] for name in before}.isdisjoint(kept)
    assert stored(tmp_path / "run") == local


def test_a_cell_that_three_workers_were_lost_with_fails_and_no_other(cluster, tmp_path):
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "mine.py").write_text(RULE)
    study = STUDY.model_copy(
        update={"optimizers": ("adam", "mine"), "problems": STUDY.problems[:1]}
    )
    cluster.worker("--nanny", LOSES_ITS_WORKER="1")
    cluster.wait_for(1)
    compute(study, tmp_path / "run", scheduler=cluster.address, folders=plugins)
    with Results(tmp_path / "run") as results:
        pairs = {pair["optimizer"]: pair for pair in results.pairs()}
    assert pairs["adam"]["state"] == DONE and pairs["mine"]["state"] == FAILED
    assert "3 workers were lost while they computed its first cell" in pairs["mine"]["reason"]


def test_workers_with_other_settings_are_refused(cluster, local, tmp_path):
    cluster.worker("--no-nanny", OPTBENCH_SIMD="generic")
    (other,) = cluster.wait_for(1)
    with pytest.raises(ClusterError, match="OPTBENCH_SIMD generic .here not set.") as raised:
        compute(STUDY, tmp_path / "run", scheduler=cluster.address)
    assert other in str(raised.value) and not (tmp_path / "run").exists()


def test_a_missing_scheduler_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("optbench.study.cluster.connecting.CONNECTING", 1)
    with pytest.raises(ClusterError, match="no Dask scheduler answers at tcp://127.0.0.1:9"):
        compute(STUDY, tmp_path / "run", scheduler="tcp://127.0.0.1:9")
