"""What goes wrong on a device ends in one message, and harms nothing that had ended.

The driver is faked: what it can tell is put in place of Numba's own. Run in the simulator, where
kernels work without a driver.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

import optbench
from optbench.cli.main import main
from optbench.errors import UnfitError
from optbench.lanes import devices
from optbench.study import invocation
from optbench.study.results import Results
from optbench.study.schema import Study

pytestmark = pytest.mark.cudasim


@pytest.fixture
def machine(monkeypatch):
    """Fake what Numba tells of the machine: ``machine(available, driver, toolkit, reason)``."""
    from optbench.kernels.cuda import device as cuda

    def fake(available=True, driver=(13, 0), toolkit=(13, 0), reason=None):
        def version(found):
            if found is None:
                raise RuntimeError("library not found")
            return found

        device = SimpleNamespace(name=b"NVIDIA Fake")
        known = SimpleNamespace(get_version=lambda: version(driver), initialization_error=reason)
        told = SimpleNamespace(
            is_available=lambda: available,
            get_current_device=lambda: device,
            current_context=lambda: SimpleNamespace(get_memory_info=lambda: (3 << 30, 4 << 30)),
            runtime=SimpleNamespace(get_version=lambda: version(toolkit)),
            cudadrv=SimpleNamespace(driver=SimpleNamespace(driver=known)),
        )
        monkeypatch.setattr(cuda, "SIMULATED", False)
        monkeypatch.setattr(cuda, "cuda", told)

    return fake


MACHINES = {
    "no driver": (
        dict(available=False, driver=None, reason="CUDA driver library cannot be found."),
        "no CUDA device can be used. CUDA driver library cannot be found.",
    ),
    "no device": (
        dict(available=False, reason="[100] Call to cuInit results in CUDA_ERROR_NO_DEVICE"),
        "no CUDA device can be used. [100] Call to cuInit results in CUDA_ERROR_NO_DEVICE",
    ),
    "old driver": (
        dict(driver=(12, 4)),
        "the CUDA driver supports 12.4, older than the toolkit's 13.0: update the driver, install "
        "an older toolkit (pip install 'optbench[cuda12]', into a new environment), or",
    ),
    "older driver": (
        dict(driver=(11, 8)),
        "the CUDA driver supports 11.8, older than the toolkit's 13.0: update the driver, or",
    ),
    "no toolkit": (dict(toolkit=None), "the CUDA toolkit's libraries were not found: pip install"),
}


@pytest.mark.parametrize("case", MACHINES)
def test_what_is_missing_is_one_message_and_exit_2(case, machine, tmp_path):
    facts, message = MACHINES[case]
    machine(**facts)
    command = ["run", "quick", "--device", "cuda", "--out", str(tmp_path / "run")]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2
    assert f"optbench: {message}" in done.output and "--device cpu" in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / "run").exists()
    assert devices.resolve("auto") == "cpu"


@pytest.mark.parametrize("case", MACHINES)
def test_env_says_what_is_missing(case, machine):
    facts, message = MACHINES[case]
    machine(**facts)
    lines = CliRunner().invoke(main, ["env"]).output
    assert f"CUDA           off: {message}" in lines
    driver = facts.get("driver", (13, 0))
    assert f"CUDA driver    {'.'.join(map(str, driver)) if driver else 'unknown'}\n" in lines
    assert f"CUDA toolkit   {'unknown' if case == 'no toolkit' else '13.0'}\n" in lines


@pytest.mark.parametrize("versions", [((13, 0), (13, 2)), ((12, 2), (12, 9)), ((13, 1), (12, 9))])
def test_a_driver_of_the_same_major_version_will_do(versions, machine):
    driver, toolkit = versions
    machine(driver=driver, toolkit=toolkit)
    assert devices.obstacle() is None


def test_env_shows_the_device(machine):
    machine()
    lines = CliRunner().invoke(main, ["env"]).output
    assert "CUDA           NVIDIA Fake, 3.0 of 4.0 GiB free\n" in lines
    assert "CUDA driver    13.0\n" in lines and "CUDA toolkit   13.0\n" in lines
    assert devices.resolve("auto") == "cuda"


def of_core(text):
    """Return an error as what launches kernels raises it."""
    from cuda.core._utils.cuda_utils import CUDAError

    return CUDAError(text)


def of_numba(text):
    """Return an error as what allocates and copies raises it."""
    from numba.cuda.cudadrv.driver import CudaAPIError

    return CudaAPIError(2, text)


@pytest.fixture
def failing(monkeypatch):
    """Let the device fail: ``failing(when)``, a function of the lanes of a chunk.

    It is called when their kernel is to start, and returns an error or None.
    """
    from optbench.kernels.cuda.built import Kernel

    begun = []

    def set_up(when):
        def start(self, groups, blocks, threads, queue, near=0):
            lanes = len(groups[-1].status)
            begun.append(lanes)
            error = when(lanes)
            if error:
                raise error
            honest(self, groups, blocks, threads, queue, near)

        honest = Kernel.start
        monkeypatch.setattr(Kernel, "start", start)
        return begun

    return set_up


OUT_OF_MEMORY = "CUDA_ERROR_OUT_OF_MEMORY: The API call failed because it was unable to allocate"
RUN = dict(steps=1, lanes=700, lr=0.01, records=1)


@pytest.mark.parametrize("raised", [of_core, of_numba])
def test_out_of_memory_makes_chunks_smaller(failing, raised):
    begun = failing(lambda lanes: raised(OUT_OF_MEMORY) if lanes > 200 else None)
    cuda = optbench.minimize("gd", "booth", device="cuda", **RUN)
    cpu = optbench.minimize("gd", "booth", **RUN)
    np.testing.assert_allclose(cuda.x, cpu.x, rtol=1e-12)
    # 700 lanes at once, half of their six blocks, and one block at a time in the end.
    assert begun == [700, 384, 128, 128, 128, 128, 128, 60]


def test_out_of_memory_for_one_block_is_reported_with_the_sizes(failing, monkeypatch):
    from optbench.kernels.cuda import built
    from optbench.kernels.cuda import device as cuda

    monkeypatch.setattr(cuda, "memory", lambda: (1 << 20, 4 << 20))
    monkeypatch.setattr(cuda, "resident_threads", lambda: 2048)
    monkeypatch.setattr(built.Kernel, "code", lambda *_: built.NOTHING._replace(local=1024))
    begun = failing(lambda lanes: of_core(OUT_OF_MEMORY))
    message = (
        r"too little memory: 128 lanes of 2 coordinates need \d+ MiB for their arrays and 2 MiB "
        r"for what threads keep to themselves, 1 MiB of 4 MiB are free; record fewer steps, or use "
        r"--device cpu"
    )
    with pytest.raises(optbench.errors.DeviceError, match=message):
        optbench.minimize("gd", "booth", device="cuda", **RUN)
    assert begun[-1] == 128


def test_memory_that_is_used_up_while_another_chunk_runs_waits_for_it(failing, monkeypatch):
    from optbench.kernels.cuda import running

    begun = failing(lambda lanes: of_core(OUT_OF_MEMORY) if len(begun) == 2 else None)
    monkeypatch.setattr(running, "MOST_LANES", 256)
    run = optbench.minimize("gd", "booth", device="cuda", **RUN)
    assert begun == [256, 256, 256, 188]
    assert (run.steps == 1).all()


def test_a_kernel_that_is_refused_harms_no_other(failing, tmp_path):
    refused = "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES: a launch did not occur"
    failing(lambda lanes: of_core(refused) if lanes == 3 else None)
    with pytest.raises(optbench.errors.DeviceError) as raised:
        optbench.minimize("gd", "booth", device="cuda", **{**RUN, "lanes": 3})
    assert type(raised.value) is optbench.errors.DeviceError
    text = f"the CUDA device does not start the kernel of gd on booth: {refused}; use --device cpu"
    assert str(raised.value) == text
    optbench.minimize("gd", "booth", device="cuda", **{**RUN, "lanes": 4})


def test_what_is_not_the_devices_passes(failing):
    failing(lambda lanes: ZeroDivisionError("ours"))
    with pytest.raises(ZeroDivisionError, match="ours"):
        optbench.minimize("gd", "booth", device="cuda", **RUN)


def test_a_device_lost_in_a_study_keeps_what_had_ended(failing, tmp_path):
    study = Study(
        name="lost", optimizers=("gd", "adam"), problems=({"name": "booth"},), steps=3, seeds=1,
        lr={"low": 1e-2, "high": 1e-2, "count": 1}, tuning_instances=(1, 2), scoring_instances=(3,),
    )  # fmt: skip
    lost = []

    def later(lanes):
        lost.append(lanes)
        return of_core("CUDA_ERROR_LAUNCH_FAILED: an exception") if len(lost) == 3 else None

    failing(later)
    with pytest.raises(optbench.errors.UserError) as raised:
        invocation.compute(study, tmp_path / "run", device="cuda", threads=1)
    assert "the CUDA device failed" in str(raised.value)
    assert "CUDA_ERROR_LAUNCH_FAILED" in str(raised.value)
    assert "running the same command again goes on from there" in str(raised.value)
    with Results(tmp_path / "run") as store:
        kept = store.count()
    assert kept == 2  # the third launch is the first of the second pair
    invocation.compute(study, tmp_path / "run", device="cuda", threads=1)
    with Results(tmp_path / "run") as store:
        assert store.count() == 4
    assert len(lost) == 4 + 1  # two pairs, tuned and scored, each on all instances at once


def test_matrix_rules_are_refused_on_surfaces():
    with pytest.raises(UnfitError, match="muon works on whole matrices"):
        optbench.minimize("muon", "multi_output_1e4", steps=2, device="cuda")
