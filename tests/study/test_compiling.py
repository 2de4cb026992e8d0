"""What a study needs is known, and compiled, before anything runs."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from optbench.study.compiling import units_of_pairs
from optbench.study.pairs import expand
from optbench.study.schema import Study

ROOT = Path(__file__).resolve().parents[2]


def study(*optimizers, problems, **more):
    return Study(
        name="small", optimizers=optimizers, problems=tuple({"name": name} for name in problems),
        steps=10, **more,
    )  # fmt: skip


def names(study):
    return {unit.name for unit in units_of_pairs(expand(study)[0], study.space)}


def test_units_of_a_study_are_named():
    small = study("adam", "scipy_bfgs", problems=["booth", "xor_sigmoid"])
    assert names(small) == {
        "the driver of surfaces (float64)", "the driver of lanes (float32)",
        "booth (d=2) (float64)", "adam (float64)", "adam (float32)",
        "the gradient of nets (float32)",
        "the metrics of nets (float32)", "slopes of activations (float32)",
        "dense of nets, forward (float32)", "dense of nets, backward (float32)",
    }  # fmt: skip
    wide = study("adam", problems=["booth"], space="all", trials=3)
    assert names(wide) == {
        "the driver of surfaces (float64)", "booth (d=2) (float64)", "adam (float64)",
        "step scalars of adam",
    }  # fmt: skip


@pytest.mark.parametrize(
    "further",
    [study("adam[sam_rho=0.1]", problems=["booth"]), study("sgd", problems=["noisy_beale"])],
)
def test_where_the_general_driver_is_needed_it_is_that_of_all(further):
    alone = expand(study("gd", problems=["booth"]))[0]
    assert "the driver of surfaces (float64)" in {u.name for u in units_of_pairs(alone, "lr")}
    mixed = {unit.name for unit in units_of_pairs([*alone, *expand(further)[0]], "lr")}
    assert {name for name in mixed if "driver" in name} == {"the driver of lanes (float64)"}


def test_what_several_pairs_need_is_one_unit():
    several = study(
        "adam", "adam[beta1=0.8]", "adam[clip_norm=1]", problems=["sphere", "ellipsoid_1e2"]
    )
    found = list(units_of_pairs(expand(several)[0], several.space))
    assert len({unit.key for unit in found}) == 6 < len(found)


def test_pairs_on_a_device_need_nothing_of_the_processor(monkeypatch):
    from dataclasses import replace

    pairs = [replace(pair, device="cuda") for pair in expand(study("adam", problems=["booth"]))[0]]
    assert list(units_of_pairs(pairs, "lr")) == []


@pytest.mark.parametrize("space", ["lr", "all"])
def test_nothing_else_is_compiled_for_the_pairs(space):
    """In a process of its own: here all may be in memory."""
    script = textwrap.dedent(f"""
        from optbench.kernels.compiling.cache import COUNTS
        from optbench.lanes.pool import compile_all
        from optbench.study.compiling import compile_pair, units_of_pairs
        from tests.study.test_compiling import expand, study

        problems = ["booth", "logistic_breast_cancer", "noisy_beale", "xor_sigmoid"]
        small = study("adam[clip_norm=1]", "nesterov", "scipy_bfgs", problems=problems,
                      space={space!r}, **({{}} if {space!r} == "lr" else {{"trials": 2}}))
        pairs = expand(small)[0]
        compile_all(units_of_pairs(pairs, small.space), 1)
        before = COUNTS.copy()
        for pair in pairs:
            compile_pair(pair, small.space)
        print(sum(before.values()), COUNTS == before)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, text=True, capture_output=True, check=True
    )
    count, same = done.stdout.split()
    assert int(count) > 5 and same == "True"
