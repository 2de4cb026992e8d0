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
        "the CUDA driver supports 12.4, older than the toolkit's 13.0: update the driver",
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


def test_env_shows_the_device(machine):
    machine()
    lines = CliRunner().invoke(main, ["env"]).output
    assert "CUDA           NVIDIA Fake, 3.0 of 4.0 GiB free\n" in lines
    assert "CUDA driver    13.0\n" in lines and "CUDA toolkit   13.0\n" in lines
    assert devices.resolve("auto") == "cuda"


class FakeAPIError(Exception):
    """Stands for Numba's CudaAPIError."""


@pytest.fixture
def failing(monkeypatch):
    """Let the device fail: ``failing(when)``, a function of a chunk that returns a text or None."""
    from optbench.kernels.cuda import device as cuda
    from optbench.kernels.cuda import launch

    begun = []

    def set_up(when):
        def begin(compiled, program, frame, task, first, last, stream):
            begun.append((first, last))
            text = when(first, last)
            if text:
                raise FakeAPIError(text)
            return honest(compiled, program, frame, task, first, last, stream)

        honest = launch._begin
        monkeypatch.setattr(launch, "_begin", begin)
        monkeypatch.setattr(cuda, "is_failure", lambda error: isinstance(error, FakeAPIError))
        return begun

    return set_up


OUT_OF_MEMORY = "[2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY"
RUN = dict(steps=1, lanes=700, lr=0.01, records=1)


def test_out_of_memory_makes_chunks_smaller(failing):
    begun = failing(lambda first, last: OUT_OF_MEMORY if last - first > 200 else None)
    cuda = optbench.minimize("gd", "booth", device="cuda", **RUN)
    cpu = optbench.minimize("gd", "booth", **RUN)
    np.testing.assert_allclose(cuda.x, cpu.x, rtol=1e-12)
    # 700 lanes at once, half of them in whole blocks, and one block at a time in the end.
    assert [last - first for first, last in begun[:3]] == [700, 256, 128]
    assert max(last for _, last in begun) == 700


def test_out_of_memory_for_one_block_is_reported_with_the_sizes(failing, monkeypatch):
    from optbench.kernels.cuda import device as cuda

    monkeypatch.setattr(cuda, "memory", lambda: (1 << 20, 4 << 20))
    begun = failing(lambda first, last: OUT_OF_MEMORY)
    message = (
        r"too little memory: 128 lanes of 2 coordinates need \d+ MiB for their arrays, 1 MiB of "
        r"4 MiB are free; record fewer steps, or use --device cpu"
    )
    with pytest.raises(optbench.errors.UserError, match=message):
        optbench.minimize("gd", "booth", device="cuda", **RUN)
    assert begun[-1] == (0, 128)


def test_memory_that_is_used_up_while_another_chunk_runs_waits_for_it(failing):
    failed = []

    def once(first, last):
        if first and not failed:
            failed.append(first)
            return OUT_OF_MEMORY
        return None

    from optbench.kernels.cuda import launch

    begun = failing(once)
    before, launch.MOST_LANES = launch.MOST_LANES, 256
    try:
        run = optbench.minimize("gd", "booth", device="cuda", **RUN)
    finally:
        launch.MOST_LANES = before
    assert begun == [(0, 256), (256, 512), (256, 512), (512, 700)]
    assert (run.steps == 1).all()


def test_a_device_lost_in_a_study_keeps_what_had_ended(failing, tmp_path):
    study = Study(
        name="lost", optimizers=("gd", "adam"), problems=({"name": "booth"},), steps=3, seeds=1,
        lr={"low": 1e-2, "high": 1e-2, "count": 1}, tuning_instances=(1, 2), scoring_instances=(3,),
    )  # fmt: skip
    lost = []

    def later(first, last):
        lost.append(first)
        gone = len(lost) == 5 and "[719] Call to cuLaunchKernel: CUDA_ERROR_LAUNCH_FAILED"
        return gone or None

    failing(later)
    with pytest.raises(optbench.errors.UserError) as raised:
        invocation.compute(study, tmp_path / "run", device="cuda", threads=1)
    assert "the CUDA device failed" in str(raised.value)
    assert "CUDA_ERROR_LAUNCH_FAILED" in str(raised.value)
    assert "running the same command again goes on from there" in str(raised.value)
    with Results(tmp_path / "run") as store:
        kept = store.count()
    assert kept == 2  # the fifth launch is the first of the second pair
    invocation.compute(study, tmp_path / "run", device="cuda", threads=1)
    with Results(tmp_path / "run") as store:
        assert store.count() == 4
    assert len(lost) == 8 + 1  # two pairs on two tuning instances, the canonical one and another
