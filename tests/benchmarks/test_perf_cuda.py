"""The host's part of `make perf-cuda`: turns, limits, tables, and what is said without a device."""

import itertools

import numpy as np
import pytest

from optbench.lanes import devices
from tests.benchmarks import perf_cuda
from tests.benchmarks.engine import Work


def test_contenders_take_turns_and_medians_count():
    order, times = [], {"optbench": itertools.cycle([9.0, 1.0, 2.0, 3.0]), "peer": iter([4.0] * 4)}

    def build(name):
        return lambda: lambda: order.append(name) or next(times[name])

    rates, missing = perf_cuda.turns({name: build(name) for name in times}, 120, repeats=3)
    assert rates == {"optbench": 60.0, "peer": 30.0} and missing == {}
    assert order == ["optbench", "peer"] * 4  # the first round warms


def test_a_peer_that_is_not_there_is_told_and_ours_must_be():
    def absent():
        raise ImportError("No module named 'jax'")

    rates, missing = perf_cuda.turns({"optbench": lambda: lambda: 2.0, "JAX": absent}, 10)
    assert rates == {"optbench": 5.0} and missing == {"JAX": "No module named 'jax'"}
    with pytest.raises(ImportError):
        perf_cuda.turns({"optbench": absent}, 10)


def test_the_limit_counts_float_instructions():
    counted = {"float_per_step": 30.0, "divisions_and_roots_per_step": 2.0}
    # 44 instructions; a multiprocessor of compute capability 9.0 starts 128 a clock, 64 in float64.
    assert perf_cuda.limit(counted, "float32", (100, 1e9, (9, 0))) == 100 * 128 * 1e9 / 44
    assert perf_cuda.limit(counted, "float64", (100, 1e9, (9, 0))) == 100 * 64 * 1e9 / 44
    assert perf_cuda.limit(counted, "float64", (100, 1e9, (7, 5))) is None


def test_the_table_says_what_was_not_measured(tmp_path):
    rows = [
        perf_cuda.Row("adam", {"optbench": 4e10, "torch": 2e9}, 8e10, {"JAX": "no device"}),
        perf_cuda.Row("gd", {"optbench": 3.0, "JAX": 2.0}),
    ]
    text = perf_cuda.table("Surfaces", "lane-steps/s", rows, ("torch", "JAX"))
    assert "| adam | 4e+10 | 2e+09 (20) | - | 50% |" in text
    assert "| gd | 3 | - | 2 (1.5) | - |" in text
    assert "- not measured: JAX: no device" in text
    path = perf_cuda.written("NVIDIA H200 (fake)", [text], tmp_path)
    assert path.name == "nvidia-h200-fake.md"
    assert path.read_text("utf-8").startswith("# NVIDIA H200 (fake)\n\n## Surfaces")


@pytest.mark.skipif(devices.obstacle() is None, reason="a CUDA device is here")
def test_without_a_device_one_line_is_said_and_nothing_is_written(capsys, monkeypatch):
    def refuse(*_):
        raise AssertionError("nothing may be written")

    monkeypatch.setattr(perf_cuda, "written", refuse)
    assert perf_cuda.main() == 0
    said = capsys.readouterr().out
    assert said.startswith("no speed is measured: ") and said.count("\n") == 1


@pytest.mark.conformance
@pytest.mark.parametrize("rule", ["adam", "gd"])
@pytest.mark.parametrize("problem", ["rosenbrock", "rastrigin"])
def test_torch_does_the_same_work(rule, problem):
    from tests.benchmarks import cuda_torch

    work = Work(rule, problem, 10, "float64", 8, 20, ends_only=True)
    theirs = cuda_torch.runner(work, "cpu")().numpy()
    np.testing.assert_allclose(theirs, work.runner()().x, rtol=1e-9, atol=1e-9)


@pytest.mark.conformance
def test_torch_and_jax_train_the_same_nets():
    from tests.benchmarks import cuda_jax, cuda_nets, cuda_torch

    given = cuda_nets.starts(3, "float64")
    torch = cuda_torch.net(*given, 5, 1e-2, device="cpu")()
    jax = cuda_jax.arrays(cuda_jax.net_runner(*given, 5, 1e-2)())
    for theirs, others in zip(torch, jax, strict=True):
        np.testing.assert_allclose(theirs.numpy(), others, rtol=1e-7, atol=1e-9)
