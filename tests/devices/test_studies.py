"""Studies in the simulator: one kernel for many pairs gives what the CPU gives."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from optbench.errors import UnfitError
from optbench.kernels.memory.capacity import processors
from optbench.study import devices as study_devices
from optbench.study import invocation
from optbench.study.pairs import expand
from optbench.study.results import DONE, SKIPPED, Results
from optbench.study.schema import Study
from optbench.study.switching import switches

pytestmark = [pytest.mark.cudasim, pytest.mark.filterwarnings("ignore:overflow encountered")]
STUDY = Study(
    name="small", optimizers=("momentum", "adam", "gd[clip_norm=1]", "gd[ema=0.9]"),
    problems=({"name": "booth"}, {"name": "matyas"}, {"name": "noisy_quadratic", "dims": (2,)}),
    steps=6, seeds=1, lr={"low": 1e-3, "high": 1e-2, "count": 2},
    tuning_instances=(1,), scoring_instances=(3,),
)  # fmt: skip


def stored(folder):
    with Results(folder) as store:
        found = {
            (f["optimizer"], f["label"], f["phase"], tuple(a["lr"])): a for f, a in store.cells()
        }
        return found, store.pairs()


@pytest.fixture
def made(monkeypatch):
    """Count the kernels that are made: each with its problems and rules."""
    from optbench.kernels.cuda import switch as cuda_switch

    counted = []

    def counting(problems, metrics, layouts, *others, **more):
        counted.append((len(problems), len(layouts)))
        return kernel(problems, metrics, layouts, *others, **more)

    kernel = cuda_switch.kernel
    monkeypatch.setattr(cuda_switch, "kernel", counting)
    return counted


def assert_alike(tmp_path, close, threads=1):
    """Run the study on both devices; compare all that is stored."""
    for device in ("cpu", "cuda"):
        invocation.compute(STUDY, tmp_path / device, device=device, threads=threads)
    (cpu, _), (cuda, _) = stored(tmp_path / "cpu"), stored(tmp_path / "cuda")
    assert set(cpu) == set(cuda) and len(cpu) >= 24
    for key, arrays in cpu.items():
        for name, ours in arrays.items():
            scale = 1 + np.nanmax(np.abs(ours), initial=0)
            np.testing.assert_allclose(
                cuda[key][name] / scale, ours / scale, rtol=0, atol=close, err_msg=f"{key} {name}"
            )


def test_a_study_on_cuda_gives_what_the_cpu_gives(tmp_path, made):
    assert_alike(tmp_path, 1e-12)
    # booth and matyas under momentum and adam, under gd, under what reports an average; the noisy
    # one, which is recorded otherwise, under momentum and adam.
    assert sorted(made) == [(1, 2), (2, 1), (2, 1), (2, 2)]


def test_cells_that_wait_for_a_kernel_go_together(tmp_path, monkeypatch):
    """The first launch of each kernel waits here until the cells of all its pairs are there."""
    from optbench.kernels.cuda import running
    from optbench.kernels.cuda.gathering import Gathering

    arrived, launched, changed = {}, {}, threading.Condition()
    gather, run = Gathering.run, running.run

    def gathered(self, likeness, load, launch):
        with changed:
            arrived[launch.__self__] = arrived.get(launch.__self__, 0) + 1
            changed.notify_all()
        gather(self, likeness, load, launch)

    def waiting(loads, prepared):
        switch = next((s for s in arrived if s.prepared.kernel is prepared.kernel), None)
        if switch:
            before = launched.setdefault(switch, [])
            before.append(len(loads))
            pairs = len(switch.problems) * len(switch.layouts)
            with changed:
                assert len(before) > 1 or changed.wait_for(lambda: arrived[switch] >= pairs, 60)
        run(loads, prepared)

    monkeypatch.setattr(Gathering, "run", gathered)
    monkeypatch.setattr(running, "run", waiting)
    assert_alike(tmp_path, 1e-12, threads=12)
    sizes = {(len(s.problems), len(s.layouts)): sizes for s, sizes in launched.items()}
    # Four pairs: one is tuned alone, then three together, with what that one goes on with.
    assert sizes[2, 2][0] == 1 and sizes[2, 2][1] in (3, 4)
    assert sizes[1, 2][0] == 1 and sizes[1, 2][1] in (1, 2)
    assert sum(sizes[2, 2]) == arrived_at(arrived, 2, 2) >= 8


def arrived_at(arrived, problems, layouts):
    """Return how many loads came to the kernel of so many problems and rules."""
    sizes = {(len(s.problems), len(s.layouts)): count for s, count in arrived.items()}
    return sizes[problems, layouts]


def test_an_error_is_that_of_all_who_wait():
    from optbench.kernels.cuda.gathering import Gathering

    gathering, started, errors = Gathering(), threading.Event(), []

    def launch(loads):
        if loads == ["first"]:
            started.set()
            while len(gathering._waiting.get("alike", ())) < 2:
                time.sleep(0.001)
        elif loads != ["last"]:
            raise UnfitError(" and ".join(sorted(loads)))

    def run(load):
        try:
            gathering.run("alike", load, launch)
        except UnfitError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=run, args=("first",))]
    threads[0].start()
    assert started.wait(60)
    threads += [threading.Thread(target=run, args=(name,)) for name in ("second", "third")]
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == ["second and third"] * 2
    gathering.run("alike", "last", launch)  # goes on


def test_a_study_on_a_device_has_a_thread_for_each_pair():
    from optbench.study.running import MOST_WAITING, _workers

    pairs, _ = pairs_and_switches(("*",), ({"name": "booth"}, {"name": "matyas"}))
    assert len(pairs) > MOST_WAITING and _workers(pairs) == MOST_WAITING
    assert _workers(pairs[:40]) == 40
    assert _workers([replace(pair, device="cpu") for pair in pairs]) == processors()


def pairs_and_switches(optimizers, problems):
    study = Study(
        name="many", optimizers=optimizers, problems=problems, steps=5, dtype="float32"
    )  # fmt: skip
    pairs, _ = expand(study)
    pairs, _ = study_devices.assigned(pairs, "cuda", False)
    return pairs, switches(pairs)


def test_a_switch_has_at_most_eight_problems_and_eight_rules():
    problems = {"name": "bbob_f*", "dims": (2, 40)}, {"name": "noisy_quadratic"}
    pairs, shared = pairs_and_switches(("*",), problems)
    assert max(len(switch.problems) for switch in shared.values()) == 8
    assert max(len(switch.layouts) for switch in shared.values()) == 8
    by_key = {pair.key: pair for pair in pairs}
    for key, switch in shared.items():
        problem = by_key[key].problem
        assert switch.rows == (16 if problem.dim <= 16 else 64)
        assert problem.definition.function in [f for f, _ in switch.problems]


def test_a_pair_that_is_alone_is_specialised():
    assert pairs_and_switches(("adam",), ({"name": "booth"},))[1] == {}


PLUGIN = """
from optbench.define import problem

@problem(start=[1.0, 2.0], minimum=[0.0, 0.0], f_min=0.0, box=(-4.0, 4.0), source="test")
def will_not_compile(x, g):
    g[0], g[1] = x[0], x[1]
    return unknown_to_cuda(x)

def unknown_to_cuda(x):
    return 0.5 * (x[0] * x[0] + x[1] * x[1])
"""


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """A problem that CUDA's compiler refuses: here its kernel raises in place of it."""
    from optbench.kernels.cuda import compiling, onelane

    class CompilerError(Exception):
        """Stands for Numba's, which the simulator never raises."""

    def refuse(self, definition):
        made = problem(self, definition)
        if definition.__name__ != "will_not_compile":
            return made

        def failing(call, t, full):
            raise CompilerError("Untyped global name 'unknown_to_cuda'")

        return failing

    problem = onelane.Binder.problem
    monkeypatch.setattr(onelane.Binder, "problem", refuse)
    monkeypatch.setattr(compiling, "failures", lambda: (CompilerError,))
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "broken.py").write_text(PLUGIN)
    return (folder,)


def with_broken():
    return STUDY.model_copy(
        update=dict(
            optimizers=("momentum", "adam"),
            problems=tuple(
                Study(name="x", optimizers=("gd",), steps=1, problems=[{"name": name}]).problems[0]
                for name in ("booth", "will_not_compile")
            ),
        )
    )


def test_a_problem_that_does_not_compile_harms_no_other(tmp_path, broken, made):
    folder = invocation.compute(
        with_broken(), tmp_path / "run", device="cuda", folders=broken, threads=1
    )
    found, pairs = stored(folder)
    assert {label for _, label, _, _ in found} == {"booth (d=2)"}
    assert {pair["label"] for pair in pairs if pair["state"] == DONE} == {"booth (d=2)"}
    skipped = {
        (pair["optimizer"], pair["label"]): pair["reason"]
        for pair in pairs if pair["state"] == SKIPPED
    }  # fmt: skip
    assert set(skipped) == {(rule, "will_not_compile (d=2)") for rule in ("adam", "momentum")}
    for reason in skipped.values():
        assert "on will_not_compile cannot be compiled for CUDA: " in reason
        assert "Untyped global name" in reason
    assert made[0] == (2, 2) and made[1:] and set(made[1:]) == {(1, 1)}


def test_what_does_not_compile_falls_back_to_the_cpu(tmp_path, broken):
    run = dict(folders=broken, threads=1)
    mixed = invocation.compute(
        with_broken(), tmp_path / "mixed", device="cuda", fallback=True, **run
    )  # fmt: skip
    plain = invocation.compute(with_broken(), tmp_path / "plain", **run)
    (ours, pairs), (theirs, _) = stored(mixed), stored(plain)
    assert {pair["state"] for pair in pairs} == {DONE} and set(ours) == set(theirs)
    fallen = {pair["device"] for pair in pairs if pair["label"] == "will_not_compile (d=2)"}
    assert fallen == {"cpu"}
    fallen = [key for key in ours if key[1] == "will_not_compile (d=2)"]
    assert fallen
    for key in fallen:
        np.testing.assert_array_equal(ours[key]["f_best"], theirs[key]["f_best"])


WITHOUT_GRADIENT = """
from optbench.define import problem

@problem(start=[1.0], minimum=[0.0], f_min=0.0, box=(-1, 1), source="test", scalable=True)
def by_dual_numbers(x):
    return x[0] ** 2
"""


def test_what_cannot_run_is_named_with_the_reason(tmp_path):
    (tmp_path / "dual.py").write_text(WITHOUT_GRADIENT)
    study = Study(
        name="odd", optimizers=("gd", "scipy_cg"), steps=2,
        problems=(
            {"name": "by_dual_numbers", "dims": (1, 300)}, {"name": "sphere", "dims": (2, 5000)}
        ),
    )  # fmt: skip
    pairs, _ = expand(study, (tmp_path,))
    kept, skipped = study_devices.assigned(pairs, "cuda", False)
    able = ["gd on by_dual_numbers (d=1)", "gd on sphere (d=2)"]
    assert sorted(pair.label for pair in kept) == able
    reasons = {(optimizer, label): reason for optimizer, label, reason in skipped}
    text = reasons["gd", "by_dual_numbers (d=300)"]
    assert text == "gradients come from dual numbers up to 200 coordinates, not 300"
    assert "at most 4096 coordinates, not 5000" in reasons["gd", "sphere (d=5000)"]
    assert "on the CPU alone" in reasons["scipy_cg", "sphere (d=2)"]
    kept, skipped = study_devices.assigned(pairs, "cuda", True)
    assert len(kept) == len(pairs) and not skipped
    assert {pair.device for pair in kept if pair.label not in able} == {"cpu"}
