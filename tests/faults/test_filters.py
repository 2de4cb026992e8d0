"""Filters filter, a plus adds, and what a dry run says is what runs."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from optbench.errors import UserError
from optbench.report.statistics.load import load_with_manifest
from optbench.study import invocation
from optbench.study.narrowing import Filters
from optbench.study.narrowing import narrowed as narrowed_study
from optbench.study.schema import read_study
from optbench.study.store_opening import LOCK
from tests.command_line import call
from tests.faults.author_files import BOWL, RULE, write
from tests.faults.runs import study


def narrowed(name, **options):
    return narrowed_study(read_study(name), Filters(**options))


def test_a_filter_keeps_the_settings_of_the_study():
    entry = narrowed("nets", problems=["digits_mlp"]).problems
    assert [(one.name, one.steps) for one in entry] == [("digits_mlp", 300)]
    assert narrowed("default", optimizers=["momentum*"]).optimizers == (
        "momentum", "momentum[clip_norm=1]", "momentum[sam_rho=0.05]",
    )  # fmt: skip
    assert len(narrowed("default", optimizers=["*"]).optimizers) == 14
    assert narrowed("baselines", optimizers=["scipy_*"]).optimizers == (
        "scipy_lbfgsb", "scipy_cg", "scipy_bfgs", "scipy_newton_cg", "scipy_nelder_mead",
    )  # fmt: skip
    settings = narrowed("default", optimizers=["momentum[clip_norm=1]"]).optimizers
    assert settings == ("momentum[clip_norm=1]",)


def test_a_plus_adds_and_what_is_added_stays():
    assert narrowed("quick", optimizers=["adam", "+lion"]).optimizers == ("adam", "lion")
    both = narrowed("quick", problems=["+booth", "sphere", "+digits_mlp"]).problems
    assert [one.name for one in both] == ["sphere", "digits_mlp", "booth"]
    assert "lion" in narrowed("quick", optimizers=["+lion"]).optimizers
    assert len(narrowed("quick", optimizers=["+lion"]).optimizers) == 7
    assert narrowed("quick", optimizers=["+lion", "lion"]).optimizers == ("lion",)
    names = [one.name for one in narrowed("quick", problems=["+booth", "booth"]).problems]
    assert names == ["booth"]
    assert "scipy_cg" in narrowed("quick", optimizers=["+scipy_cg"]).optimizers


def test_what_a_study_does_not_have_is_not_added_silently():
    with pytest.raises(UserError, match=r"quick has no optimizer 'lion'; add it with -o '\+lion'"):
        narrowed("quick", optimizers=["lion"])
    with pytest.raises(UserError, match=r"quick has no problem 'booth'; add it with -p '\+booth'"):
        narrowed("quick", problems=["booth"])


OWN = """
from optbench.define import Log, optimizer, problem

@optimizer(lr=Log(1e-2), momentum=0.5, source="me")
def my_rule(x, g, lr, momentum):
    return x - lr * momentum * g

@problem(start=[3.0], minimum=[0.0], f_min=0.0, box=(-5, 5), source="me")
def my_bowl(x):
    return x[0] ** 2
"""


def test_a_name_of_ones_own_can_mean_nothing_else_and_needs_no_plus(tmp_path):
    (tmp_path / "mine.py").write_text(OWN)

    def kept(of=None, **options):
        study = narrowed_study(of or read_study("quick"), Filters(**options), tmp_path)
        return study.optimizers, tuple(entry.name for entry in study.problems)

    assert kept(optimizers=["my_rule"], problems=["my_bowl"]) == (("my_rule",), ("my_bowl",))
    beside = kept(optimizers=["my_rule[momentum=1]", "adam"], problems=["sphere", "my_bowl"])
    assert beside == (("adam", "my_rule[momentum=1]"), ("sphere", "my_bowl"))
    noisy = kept(problems=["my_bowl[noise=0.1]"])[1]
    assert noisy == ("my_bowl[noise=0.1]",)
    own = study(optimizers=["my_rule[momentum=0.5]"], problems=["my_bowl"])
    assert kept(own, optimizers=["my_rule"])[0] == ("my_rule[momentum=0.5]",)
    for options, message in (
        ({"optimizers": ["my_rule[momentum=0.6]"]}, "add it with -o"),
        ({"problems": ["my_bowl[noise=0.1]"]}, "add it with -p"),
        ({"optimizers": ["my_rul"]}, "did you mean my_rule"),
    ):
        with pytest.raises(UserError, match=message):
            kept(own, **options)


def test_a_hint_knows_what_one_has_defined(tmp_path):
    write(tmp_path / "mine.py", RULE.format(name="agree") + BOWL.format(name="agreeable"))
    for option, kind in (("-o", "optimizer"), ("-p", "problem")):
        done = call("run", "default", option, "agre", "--plugins", tmp_path, "--dry-run")
        assert done.exit_code == 2 and f"unknown {kind} 'agre': did you mean agree" in done.stderr


def test_quick_keeps_a_grid_that_can_compare():
    """Two rates a decade over the study's six: 13, a fifth of the steps and few instances."""
    quick = narrowed("default", quick=True)
    assert (quick.lr.low, quick.lr.high, quick.lr.count) == (1e-5, 10.0, 13)
    assert quick.steps == 200 and quick.seeds == 1
    assert (len(quick.tuning_instances), len(quick.scoring_instances)) == (3, 6)
    ratios = np.diff(np.log10(quick.lr.rates()))
    assert ratios.max() <= 0.5 + 1e-9


def test_what_is_asked_for_by_number_holds_in_a_quick_study_too():
    quick = narrowed("default", quick=True, seeds=3, steps=70, lr="1e-3:1:12")
    assert (quick.seeds, quick.steps, quick.lr.count) == (3, 70, 12)
    assert {entry.steps for entry in quick.problems} == {None}
    assert len(quick.scoring_instances) == 6
    default = read_study("default").problems
    steps = {own.name: own.steps for own in default}
    for entry in narrowed("default", quick=True, problems=[default[0].name]).problems:
        assert entry.steps == (steps[entry.name] and max(1, steps[entry.name] // 5))


def test_a_dry_run_counts_what_will_run(tmp_path):
    toml = tmp_path / "one.toml"
    toml.write_text(
        """optimizers = ["gd[lr=0.1]", "adam", "scipy_cg"]
problems = ["booth"]\nseeds = 2\nsteps = 10
lr = { low = 1e-3, high = 1e-1, count = 5 }\ntuning_instances = [1]\nscoring_instances = [2]"""
    )
    lines = call("run", toml, "--dry-run").output.splitlines()
    assert lines[:3] == [
        "gd[lr=0.1] on booth (d=2): 10 steps, 1 trial, 3 scoring lanes",
        "adam on booth (d=2): 10 steps, 6 trials, 12 tuning lanes and 14 scoring lanes",
        "scipy_cg on booth (d=2): 10 steps, 1 trial, 3 scoring lanes",
    ]
    # Two seeds of an instance for each trial, and the canonical draw for those that are kept.
    assert lines[3] == "3 pairs, 4 cells, 32 lanes; a best rate at the edge of its grid extends it"
    for change in ("space = 'all'", "optimizers = ['gd[lr=0.1]', 'scipy_cg']"):
        name, _, value = change.partition(" = ")
        own = "\n".join(line for line in toml.read_text().splitlines() if not line.startswith(name))
        (tmp_path / "two.toml").write_text(f"{own}\n{name} = {value}\n")
        assert "edge of its grid" not in call("run", tmp_path / "two.toml", "--dry-run").output


def test_the_folder_names_the_run(tmp_path, monkeypatch):
    folder = tmp_path / "my run"
    folder.mkdir()
    monkeypatch.chdir(folder)
    invocation.compute(study(), Path("."))
    assert load_with_manifest(folder)[1]["run"] == "my run"
    result = call("run", "quick", "--out", "")
    assert result.exit_code == 2 and "names no folder" in result.output
    assert not (folder / LOCK).stat().st_size


def test_a_whole_label_matches_nothing_else():
    assert narrowed("default", optimizers=["momentum"]).optimizers == ("momentum",)


def test_what_new_and_refusals_advise_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    advice = call("new", "problem", "my_bowl").output.splitlines()[-1]
    assert call(*advice.split()[1:], "--dry-run").exit_code == 0, advice
    assert call("run", "quick", "-o", "+scipy_cg", "--dry-run").exit_code == 0


def test_names_of_people_can_be_listed_on_any_terminal():
    command = [sys.executable, "-m", "optbench", "list", "problems"]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    listed = subprocess.run(command, env=environment, capture_output=True)
    assert listed.returncode == 0 and b"rosenbrock" in listed.stdout and not listed.stderr
