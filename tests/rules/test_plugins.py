"""Optimizers from a folder or an installed package: found, run, checked, or left out and named."""

import importlib.metadata

import pytest

import optbench
from optbench.cli.checks.names import check
from optbench.define import plugins
from optbench.define import registry as define_registry
from optbench.errors import DefinitionError, UnknownNameError
from optbench.rules import registry
from optbench.study.schema import Study
from tests.command_line import call

MINE = """
from optbench.define import Log, optimizer


@optimizer(state="v", lr=Log(1e-2), momentum=0.9, source="me")
def my_momentum(x, g, v, lr, momentum):
    v = momentum * v + g
    return x - lr * v, v
"""
UNLAWFUL = '''
from optbench.define import Log, optimizer


@optimizer(state="v", lr=Log(1e-2), source="me")
def unlawful(x, g, v, lr):
    """Divides 0 by 0 at rest and moves when the rate is 0."""
    v = v + g * g
    return x - lr * g / v - 1e-3, v
'''
TAKEN = MINE.replace("my_momentum", "adam")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "unlawful.py").write_text(UNLAWFUL)
    (tmp_path / "taken.py").write_text(TAKEN)
    (tmp_path / "broken.py").write_text("from nowhere import nothing\n")
    return tmp_path


@pytest.mark.filterwarnings("ignore::optbench.define.plugins.PluginWarning")
def test_a_file_is_all_it_takes(folder):
    assert "my_momentum" not in optbench.optimizers()
    assert "my_momentum" in optbench.optimizers([folder])
    mine = optbench.optimizer("my_momentum[momentum=0.5]", [folder])
    theirs = optbench.optimizer("momentum[momentum=0.5]")
    points = [
        optbench.minimize(one, "booth", steps=50, lr=0.01).x.tobytes() for one in (mine, theirs)
    ]
    assert points[0] == points[1]
    study = Study(
        name="mine", optimizers=["my_*"], problems=["booth"], steps=20, seeds=2, lr=dict(count=3)
    )
    frames = optbench.load(optbench.run(study, folder / "run", folders=(folder,)))
    assert set(frames["lanes"]["optimizer"]) == {"my_momentum"}


@pytest.mark.filterwarnings("ignore::optbench.define.plugins.PluginWarning")
def test_what_is_broken_is_listed_and_harms_nothing(folder):
    listed = call("list", "optimizers", "--plugins", folder).output
    assert "my_momentum" in listed and "plateau" in listed
    assert "broken.py:1: cannot be imported: ModuleNotFoundError" in listed
    assert "Traceback" in listed
    assert "taken.py" in listed and "the optimizer adam is declared a second time" in listed
    assert optbench.optimizers([folder])["adam"] is optbench.optimizers()["adam"]
    with pytest.raises(DefinitionError, match="No module named 'nowhere'"):
        registry.rule("broken", [folder])
    with pytest.raises(UnknownNameError, match="did you mean my_momentum"):
        optbench.optimizer("my_momentun", [folder])


@pytest.mark.filterwarnings("always::optbench.define.plugins.PluginWarning")
def test_what_is_broken_is_said_once(folder):
    """Problems and rules are looked for in the same files."""
    said = call("check", "booth", "unlawful", "--plugins", folder).stderr
    assert said.count("broken.py:1: cannot be imported") == 1


@pytest.mark.filterwarnings("ignore::optbench.define.plugins.PluginWarning")
def test_check_runs_the_laws(folder):
    fine = call("check", "my_momentum", "--plugins", folder)
    assert fine.exit_code == 0, fine.output
    assert "equals an unbroken run, byte for byte" in fine.output
    report = check("unlawful", (folder,))
    failed = {finding.check: finding.text for finding in report.findings if finding.failed}
    assert set(failed) == {"lr = 0", "at rest"}
    assert "unlawful.py:5: unlawful: with lr = 0 it moves x by" in failed["lr = 0"]
    assert "a 0 / 0?" in failed["at rest"]
    assert call("check", "unlawful", "--plugins", folder).exit_code == 1
    broken = call("check", "broken", "--plugins", folder)
    assert broken.exit_code == 1 and "No module named 'nowhere'" in broken.output


@pytest.mark.filterwarnings("ignore::optbench.define.plugins.PluginWarning")
def test_packages_register_entry_points(folder, monkeypatch):
    rule = plugins.definitions(folder / "mine.py", plugins.OPTIMIZER)[0]

    class Entry:
        name, value = "mine", "mine:my_momentum"

        def load(self):
            return rule

    class Faulty(Entry):
        name = "faulty"

        def load(self):
            raise RuntimeError("boom")

    def entry_points(group):
        return [Entry(), Faulty()] if group == "optbench.optimizers" else []

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    define_registry._names.cache_clear()
    try:
        assert optbench.optimizers()["my_momentum"] is rule
        (faulty,) = registry.named().refused
        assert "entry point faulty" in faulty.message and "boom" in faulty.trace
    finally:
        define_registry._names.cache_clear()


def test_a_name_in_the_folder_that_commands_look_at_says_how_python_has_it(tmp_path, monkeypatch):
    (tmp_path / "problems").mkdir()
    (tmp_path / "problems" / "mine.py").write_text(
        "from optbench.define import Log, optimizer, problem\n\n\n"
        "@optimizer(lr=Log(0.1))\ndef hand_made(x, g, lr):\n    return x - lr * g\n\n\n"
        "@problem(start=[1.0])\ndef own_bowl(x):\n    return x[0] ** 2\n"
    )
    monkeypatch.chdir(tmp_path)
    said = r"problems/mine.py has it: give folders='problems'"
    for ask in (
        lambda: optbench.minimize("hand_made", "booth", steps=1),
        lambda: optbench.problem("own_bowl"),
        lambda: optbench.run(optbench.Study(name="a", optimizers=["gd"], problems=["own_bowl"])),
    ):
        with pytest.raises(UnknownNameError, match=said):
            ask()
    assert optbench.minimize("hand_made", "booth", steps=1, folders="problems").steps == [1]
    with pytest.raises(UnknownNameError, match="'hand_mad': did you mean hand_made"):
        optbench.optimizer("hand_mad", "problems")
    with pytest.raises(UnknownNameError, match="write torch:torch.optim.Adam or optax:"):
        optbench.optimizer("torch.optim.Adam")
