"""Paths of other processors: what is refused is left out, and what breaks is not."""

import subprocess

import pytest

from tests import paths


def test_a_refusal_is_told_from_a_crash(monkeypatch):
    used, refusal = paths.taken({"OPTBENCH_SIMD": "sse9"})
    assert used is None and refusal.startswith("OPTBENCH_SIMD=sse9: use one of")
    used, refusal = paths.taken({"OPTBENCH_POISON": "1"})
    assert used.split()[-1] == "True" and refusal is None
    monkeypatch.setattr(paths, "ASKED", "from optbench.kernels import features_of_none")
    with pytest.raises(RuntimeError, match="does not start under(.|\n)*ImportError"):
        paths.taken({})


@pytest.mark.parametrize("status", [0, 1])
def test_other_paths_than_the_machines_run_their_suites(status, monkeypatch, capsys):
    answers = {"avx2": ("b", None), "generic": (None, "cannot"), "newton": ("a", None)}
    settings = {name: dict(which=name) for name in answers}
    monkeypatch.setattr(
        paths, "PATHS", {name: (settings[name], (f"{name}.py",)) for name in answers}
    )
    monkeypatch.setattr(paths, "taken", lambda s: answers[s["which"]] if s else ("a", None))
    run = []

    def python(*arguments, settings):
        run.append((arguments, settings))
        return subprocess.CompletedProcess(arguments, status)

    monkeypatch.setattr(paths, "python", python)
    assert paths.main("-q") == bool(status)
    left_out = [f"--ignore={path}" for path in paths.ELSEWHERE]
    assert run == [(("-m", "pytest", "avx2.py", *left_out, "-q"), {"which": "avx2"})]
    assert capsys.readouterr().out.splitlines() == [
        "avx2:", "generic: cannot", "newton: the path of this machine"
    ]  # fmt: skip
    run.clear()
    paths.main("newton", "-q")
    assert not run  # the machine's own, and nothing else was chosen
