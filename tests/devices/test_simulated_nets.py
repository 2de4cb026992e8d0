"""Nets on CUDA in Numba's simulator equal those on the CPU (`make test-cuda`)."""

import sys

import numpy as np
import pytest

import optbench
from optbench.catalog import finding
from optbench.define import net
from optbench.errors import UserError
from optbench.kernels.status import BUDGET, NOT_FINITE, TARGET
from optbench.rules import compose
from optbench.study import devices as study_devices
from optbench.study.pairs import Pair

from .nets import IMAGES, LAYERED, NETS, SEQUENCES, case, layered_case, train

pytestmark = [pytest.mark.cudasim, pytest.mark.filterwarnings("ignore:overflow encountered")]
CLOSE = 1e-12
RULES = (
    "adam[clip_norm=1,lookahead_steps=5]", "lamb", "gd[sam_rho=0.05]", "momo", "prodigy",
    "schedule_free_adamw", "gd[noise_eta=0.01]", "sgd[plateau_factor=0.1]", "gd[centralise=1]",
)  # fmt: skip
"""Wrappers, sums of layers and of all parameters, two gradients a step, lane state, the loss,
other iterates, draws, all examples at once."""


@pytest.fixture(autouse=True)
def _quick_turns():
    """The simulator's threads wait for each other: long turns would be most of the time."""
    known = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(known)


def both(name, rule, **settings):
    return [train(name, rule, device, **settings) for device in ("cpu", "cuda")]


def assert_equal(cpu, cuda, close=CLOSE):
    for field in cpu._fields:
        ours, theirs = getattr(cpu, field), getattr(cuda, field)
        scale = 1 + np.abs(ours[np.isfinite(ours)]).max(initial=0)
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=close * scale, err_msg=field)


@pytest.mark.parametrize("name", NETS)
def test_ten_steps_of_every_kind_of_net(name):
    # Not under Adam: a bias before batch normalisation has the gradient 0, whose rounding it
    # would divide by itself.
    cpu, cuda = both(name, "momentum")
    assert cpu.steps[0] == 10
    assert np.abs(cpu.x[0] - case(name)[3]).max() > 0.1
    assert_equal(cpu, cuda)


@pytest.mark.parametrize("name", LAYERED)
def test_ten_steps_of_nets_of_layers(name):
    known = layered_case(LAYERED[name], bn_eval="running", l2=0.1)
    cpu, cuda = (train(name, "momentum", device, case_of=known) for device in ("cpu", "cuda"))
    assert cpu.steps[0] == 10
    assert np.abs(cpu.x[0] - known[3]).max() > 0.1
    assert_equal(cpu, cuda)


def test_ten_steps_of_a_net_of_images():
    known = layered_case(IMAGES, shape=(5, 6, 2), bn_eval="running")
    cpu, cuda = (train("images", "momentum", device, case_of=known) for device in ("cpu", "cuda"))
    assert np.abs(cpu.x[0] - known[3]).max() > 0.1
    assert_equal(cpu, cuda)


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("lengths", [True, False])
def test_three_steps_of_nets_of_sequences(name, lengths):
    layers, shape = SEQUENCES[name]
    known = layered_case(layers, shape=shape, lengths=lengths)
    facts = dict(steps=3, lr=0.5, case_of=known)
    cpu, cuda = (train(name, "momentum", device, **facts) for device in ("cpu", "cuda"))
    assert np.abs(cpu.x[0] - known[3]).max() > 0.05
    assert_equal(cpu, cuda)


@pytest.mark.parametrize("threads", [1, 2, 7, 16])
def test_any_number_of_threads(threads, monkeypatch):
    from optbench.kernels.cuda import net_launch

    monkeypatch.setattr(net_launch, "THREADS", threads)
    assert_equal(*both("norms", "momentum", steps=3))


@pytest.mark.parametrize("rule", RULES)
def test_rules_of_every_kind(rule):
    assert_equal(*both("plain", rule, lr=0.01))


@pytest.mark.parametrize("room", [0, 200, 330])
def test_what_does_not_fit_into_shared_memory(room, monkeypatch):
    from optbench.kernels.cuda import device, net_launch

    near = 8 * (net_launch.reserved(4) + room)
    monkeypatch.setattr(net_launch, "NEAR_BYTES", near)
    monkeypatch.setattr(device, "shared_limit", lambda: near)
    assert_equal(*both("plain", "adam", steps=3))


def test_several_nets_in_chunks_as_memory_allows(monkeypatch):
    from optbench.kernels.cuda import device as cuda

    alone = train("dropped", "adam", "cuda", steps=3, lanes_of_case=3)
    monkeypatch.setattr(cuda, "memory", lambda: (1, 1))
    chunks = train("dropped", "adam", "cuda", steps=3, lanes_of_case=3)
    assert len(np.unique(alone.f_final)) == 3
    for ours, theirs in zip(alone, chunks, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert_equal(train("dropped", "adam", "cpu", steps=3, lanes_of_case=3), chunks)


def test_ends():
    facts = dict(steps=10, target=0.5, lanes_of_case=2, record_steps=np.arange(11))
    cpu, cuda = both("tied", "adam", stop_at_target=True, lr=0.1, **facts)
    assert set(cpu.status) <= {TARGET, BUDGET}
    assert cpu.status[0] == TARGET
    assert 0 < cpu.steps[0] < 10
    assert_equal(cpu, cuda)
    cpu, cuda = both("dropped", "sgd", lr=1e4, steps=40)
    assert cpu.status[0] == NOT_FINITE
    assert 0 < cpu.steps[0] < 40
    np.testing.assert_array_equal(cuda.status, cpu.status)
    np.testing.assert_array_equal(cuda.steps, cpu.steps)
    assert np.isfinite(cuda.x).all()


def test_single_precision():
    cuda = train("smooth", "momentum", "cuda", dtype="float32", steps=2)
    assert cuda.x.dtype == np.float32
    assert_equal(train("smooth", "momentum", "cpu", steps=2), cuda, close=1e-5)


def test_minimize_takes_nets():
    cpu, cuda = (
        optbench.minimize(
            "adam", "iris_tanh", steps=2, lanes=2, lr=0.01, records=2, device=device,
            schedule="cosine",
        )
        for device in ("cpu", "cuda")
    )  # fmt: skip
    np.testing.assert_allclose(cuda.x, cpu.x, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(cuda.records.metrics, cpu.records.metrics, rtol=0, atol=CLOSE)


def practised(name, **options):
    """Return a net on the irises, whose four features are images of 2 x 2."""
    facts = dict(sizes=(4, 5, 3), batch=30, loss_target=1e-9, error_target=None, scaling="common")
    return finding.problem(net(name, data="iris", **facts, **options), instance=1)


@pytest.mark.parametrize(
    "options",
    [
        {"stopping": "quotient:0.01", "batch_norm": True, "bn_eval": "running"},
        {"max_norm": 0.5, "rates": {1: 0.5}, "mixup": 0.2, "shuffle": False},
        {"class_every": 1},
        {"image": (2, 2), "augment": {"rotate": 20, "crop": 2, "flip": 0.5, "noise": 0.1}},
    ],
    ids=lambda options: next(iter(options)),
)
def test_the_practice_of_training(options):
    problem = practised("practised", **options)
    steps, lr = (18, 0.5) if "stopping" in options else (2, 0.1)
    cpu, cuda = (
        optbench.minimize("momentum", problem, steps=steps, lr=lr, records=2, device=device)
        for device in ("cpu", "cuda")
    )
    if "stopping" in options:
        assert cpu.status[0] == "stopped"
    np.testing.assert_array_equal(cuda.status, cpu.status)
    np.testing.assert_array_equal(cuda.steps, cpu.steps)
    np.testing.assert_allclose(cuda.x, cpu.x, rtol=0, atol=CLOSE)
    np.testing.assert_allclose(cuda.records.metrics, cpu.records.metrics, rtol=0, atol=CLOSE)


def test_matrix_rules_are_refused_with_the_reason():
    with pytest.raises(UserError, match="muon works on whole matrices.*--device cpu"):
        optbench.minimize("muon", "iris_tanh", steps=1, device="cuda")
    pairs = [
        Pair(compose.optimizer(rule), finding.problem("iris_tanh"), 10) for rule in ("muon", "adam")
    ]
    kept, skipped = study_devices.assigned(pairs, "cuda", fallback=None)
    assert [pair.optimizer.rule.name for pair in kept] == ["adam"]
    assert "works on whole matrices" in skipped[0][2]
    kept, skipped = study_devices.assigned(pairs, "cuda", fallback="cpu")
    assert [pair.device for pair in kept] == ["cpu", "cuda"]
    assert not skipped


def test_a_net_that_is_not_finite_at_its_start_keeps_it_and_a_target_met_there_is_hit():
    problem = finding.problem("iris_tanh")
    start = problem.starts([1, 2])
    start[1, 5] = np.nan  # one thread's parameter
    for device in ("cpu", "cuda"):
        run = optbench.minimize(
            "momentum", problem, steps=2, lanes=2, lr=0.01, start=start, records=2, device=device
        )
        assert run.status.tolist() == ["budget", "not finite"] and run.steps.tolist() == [2, 0]
        np.testing.assert_array_equal(run.x[1], start[1])
        assert run.f[1] == np.inf and np.isfinite(run.f[0]) and np.isnan(run.f_start[1])
    easy = net(
        "iris_at_once", data="iris", sizes=(4, 4, 3), batch=16, loss_target=10.0, error_target=None
    )
    run = optbench.minimize("momentum", easy, steps=1, lr=0.01, device="cuda")
    assert run.hits.tolist() == [[0]] and run.status[0] == "target"
