"""On a CUDA device: single steps equal the CPU's, and so does the spread of final gaps.

Run by `make test-cuda`; skipped, with the reason, where no device can be used.
"""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import ks_2samp

import optbench
from optbench.catalog import finding
from optbench.define import problem
from optbench.lanes import devices
from tests.problems import twins

from . import cases
from .nets import NETS, train
from .test_studies import assert_alike

MISSING = devices.obstacle()
pytestmark = [
    pytest.mark.cudadevice,
    pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
]
CLOSE = {"float64": 1e-12, "float32": 1e-5}


def both(optimizer, name, **settings):
    return [
        optbench.minimize(
            optimizer, finding.problem(name, None, 3), records=2, device=device, **settings
        )
        for device in ("cpu", "cuda")
    ]


def assert_one_step_equal(optimizer, name, dtype):
    cpu, cuda = both(optimizer, name, steps=1, lanes=300, lr=1e-3, dtype=dtype)
    scale = np.abs(cpu.x).max() + 1e-300
    np.testing.assert_allclose(cuda.x / scale, cpu.x / scale, rtol=0, atol=CLOSE[dtype])


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("rule", cases.rules())
def test_every_rule_takes_the_same_step(rule, dtype):
    assert_one_step_equal(rule, "rosenbrock", dtype)


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("name", cases.problems())
def test_every_problem_gives_the_same_step(name, dtype):
    assert_one_step_equal("gd", name, dtype)


@pytest.mark.parametrize(("rule", "name"), [("adam", "rosenbrock"), ("adam", "iris_tanh")])
def test_the_driver_knows_kernels_as_the_assembler_does(rule, name, monkeypatch):
    """Registers, local and shared memory: what chunks are cut by, and what docs/cuda.md lists."""
    from optbench.kernels.cuda import built, device, net_launch
    from optbench.kernels.cuda import switch as cuda_switch

    codes, kernels = [], []
    assembled, load = built.Kernel._built, device.loaded

    def known(self, groups):
        codes.append(assembled(self, groups))
        return codes[-1]

    def loaded(cubin, entry):
        kernels.append(load(cubin, entry))
        return kernels[-1]

    monkeypatch.setattr(built.Kernel, "_built", known)
    monkeypatch.setattr(device, "loaded", loaded)
    cuda_switch._pair.cache_clear()
    net_launch._kernel.cache_clear()
    optbench.minimize(rule, name, steps=1, lanes=1, lr=1e-3, device="cuda")
    (code,), (kernel,) = codes, kernels
    said = kernel.attributes.num_regs, kernel.attributes.local_size_bytes
    assert said == (code.registers, code.local)
    assert kernel.attributes.shared_size_bytes == code.shared


@pytest.mark.parametrize("dtype", CLOSE)
def test_gradients_by_dual_numbers_are_the_cpus(dtype):
    made = finding.problem(problem(start=[1.5, -0.3, 0.2], source="test")(twins.ackley))
    cpu, cuda = (
        optbench.minimize("gd", made, steps=1, lanes=300, lr=1e-3, dtype=dtype, device=device)
        for device in ("cpu", "cuda")
    )
    np.testing.assert_allclose(cuda.x, cpu.x, rtol=CLOSE[dtype], atol=CLOSE[dtype])


@pytest.mark.parametrize("dtype", CLOSE)
def test_final_gaps_agree_in_distribution(dtype):
    cpu, cuda = both("adam", "rastrigin", steps=1000, lanes=2000, lr=0.03, dtype=dtype)
    assert ks_2samp(cpu.f, cuda.f).pvalue > 1e-3


def test_lanes_that_diverge_end_alike():
    cpu, cuda = both("gd", "rosenbrock", steps=50, lanes=300, lr=1.0)
    assert (cpu.status == "not finite").any()
    np.testing.assert_array_equal(cuda.status, cpu.status)
    np.testing.assert_array_equal(cuda.steps, cpu.steps)


def test_a_study_with_shared_kernels_gives_what_the_cpu_gives(tmp_path):
    assert_alike(tmp_path, 1e-11)


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("name", NETS)
def test_every_kind_of_net_takes_the_same_step(name, dtype):
    cpu, cuda = (
        train(name, "momentum", device, steps=1, dtype=dtype, lanes_of_case=9)
        for device in ("cpu", "cuda")
    )
    scale = 1 + np.abs(cpu.x).max()
    np.testing.assert_allclose(cuda.x / scale, cpu.x / scale, rtol=0, atol=CLOSE[dtype])
    np.testing.assert_allclose(cuda.f_start, cpu.f_start, rtol=CLOSE[dtype] * 10)


@pytest.mark.parametrize("rule", [rule for rule in cases.rules() if "[" not in rule])
def test_every_rule_moves_nets_alike(rule):
    cpu, cuda = (train("plain", rule, device, steps=3, lr=1e-3) for device in ("cpu", "cuda"))
    np.testing.assert_allclose(cuda.x, cpu.x, rtol=0, atol=1e-10)


def test_many_nets_train_as_on_the_cpu():
    runs = [
        optbench.minimize(
            "adam", "digits_mlp", steps=200, lanes=64, lr=0.01, records=2, device=device,
            dtype="float32",
        )
        for device in ("cpu", "cuda")
    ]  # fmt: skip
    cpu, cuda = (run.records.metrics[:, -1, 0] for run in runs)
    assert ks_2samp(cpu, cuda).pvalue > 1e-3


@pytest.mark.skipif(not shutil.which("compute-sanitizer"), reason="no compute-sanitizer here")
def test_the_sanitizer_finds_nothing():
    run = "optbench.minimize('adam', '{}', steps=5, lanes={}, lr=0.01, device='cuda')"
    runs = run.format("rosenbrock", 300), run.format("iris_tanh", 3)
    code = "; ".join(("import optbench", *runs))
    done = subprocess.run(
        ["compute-sanitizer", "--error-exitcode", "9", sys.executable, "-c", code],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
