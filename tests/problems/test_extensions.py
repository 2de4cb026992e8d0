"""Problems with their own instances, absolute targets, room to work in, files that share code."""

from types import SimpleNamespace

import numpy as np
import pytest

import optbench
from optbench.catalog import finding
from optbench.catalog.identity import problem_identity
from optbench.define import problem
from optbench.errors import DefinitionError, UserError
from optbench.report.figures.bands import target_value
from optbench.study.pairs import expand
from optbench.study.schema import Study


@problem(start=0.0, dim=3, box=(-2, 2), scalable=3, scratch=2, targets="absolute", source="here")
def folded(x, g, p, z):
    """|x - c|^2, by way of two rows a coordinate, filled from both ends."""
    d = len(x)
    for i in range(d):
        z[2 * d - 1 - i] = x[i] - p[i]
        z[i] = 2.0 * z[-1 - i]
    f = 0.0
    for i in range(d):
        g[i] = z[i]
        f += 0.25 * z[i] * g[i]
    return f + p[d]


@folded.instance
def _(dim, instance):
    centre = np.full(dim, 0.1 * instance)
    return dict(p=[*centre, instance], minimum=centre, f_min=float(instance))


@pytest.mark.parametrize("dim", [3, 4, 11])
@pytest.mark.parametrize("count", [1, 8, 300])
def test_the_room_to_work_in_is_as_large_as_declared(dim, count):
    x = np.random.default_rng(dim).normal(size=(count, dim))
    made = optbench.problem(folded, dim, 2)
    assert made.compiled(np.float64)[0].lanes == 8
    f, g = made.value_and_grad(x)
    np.testing.assert_allclose(f, ((x - 0.2) ** 2).sum(1) + 2.0, rtol=1e-14)
    np.testing.assert_allclose(g, 2 * (x - 0.2), rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_blocks_in_a_run_have_their_room_too(dtype):
    made = optbench.problem(folded, 5, 1)
    run = optbench.minimize("gd", made, steps=60, lanes=700, lr=0.25, dtype=dtype, threads=2)
    assert np.allclose(run.x, 0.1, atol=1e-6)


def test_code_that_branches_has_room_one_lane_at_a_time():
    @problem(start=1.0, dim=2, scratch=1, source="here")
    def branching(x, g, z):
        f = 0.0
        for i in range(len(x)):
            z[i] = x[i]
            if z[i] < 0.0:
                z[i] = -2.0 * z[i]
            f += z[i]
            g[i] = 1.0
        return f

    made = optbench.problem(branching)
    assert made.compiled(np.float64)[0].lanes == 1
    assert made.value([[-1.0, 3.0], [2.0, -2.0], [1.0, 1.0]]).tolist() == [5.0, 6.0, 2.0]


def test_an_own_instance_takes_the_place_of_shifts():
    first, third = optbench.problem(folded), optbench.problem(folded, instance=3)
    assert (first.f_min, third.f_min) == (1.0, 3.0)
    assert np.allclose(third.minimum, 0.3, rtol=1e-15, atol=0) and third.placement.shift is None
    assert np.array_equal(first.start, third.start)
    assert third.value(third.minimum) == 3.0
    assert problem_identity(first) != problem_identity(third)


def test_the_least_dimension_can_be_declared():
    with pytest.raises(UserError, match="any dimension from 3"):
        optbench.problem(folded, 2)


@pytest.mark.parametrize(
    ("arguments", "facts", "message"),
    [
        (("x", "g"), {"scratch": 1}, "takes z"),
        (("x", "g", "z"), {}, "takes z"),
        (("x", "g"), {"targets": "fixed"}, "'relative' or 'absolute'"),
    ],
)
def test_declarations_that_contradict_themselves_are_refused(arguments, facts, message):
    scope = {}
    exec(f"def wrong({', '.join(arguments)}): return 0.0", scope)
    with pytest.raises(DefinitionError, match=message):
        problem(start=0.0, dim=2, **facts)(scope["wrong"])


def test_problems_without_a_gradient_are_skipped_with_a_reason():
    study = Study(
        name="s", optimizers=("gd", "adam"),
        problems=({"name": "bbob_f06", "dims": (2,)}, {"name": "bbob_f07", "dims": (2, 3)}),
    )  # fmt: skip
    pairs, skipped = expand(study)
    assert [pair.problem.name for pair in pairs] == ["bbob_f06"] * 2
    assert len(skipped) == 4 and all("gradient is 0" in reason for _, _, reason in skipped)


@pytest.mark.parametrize(("absolute", "expected"), [(True, 1e-8), (False, 3e-8)])
def test_reports_draw_an_absolute_target_where_it_is(absolute, expected):
    facts = SimpleNamespace(target=1e-8, kind="deterministic", absolute_targets=absolute, f_ref=0.0)
    bands = {"gd": SimpleNamespace(median=np.array([3.0, 1.0]))}
    assert target_value(facts, bands) == pytest.approx(expected, rel=1e-12)


FORMULA = "def half(x):\n    return 0.5 * x * x\n"
SURFACE = """
from optbench.define import problem
from ._shared import half

@problem(start=[1.0], minimum=[0.0], f_min=0.0, source="here")
def {name}(x, g):
    g[0] = x[0]
    return half(x[0])
"""


def test_files_of_a_folder_share_code_and_folders_do_not_meet(tmp_path):
    for folder, scale in (("one", 1), ("two", 3)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "_shared.py").write_text(FORMULA.replace("0.5", f"{0.5 * scale}"))
        (tmp_path / folder / "mine.py").write_text(SURFACE.format(name=f"mine_{folder}"))
    found = finding.problems((str(tmp_path / "one"), str(tmp_path / "two")))
    assert optbench.problem(found["mine_one"]).value([2.0]) == 2.0
    assert optbench.problem(found["mine_two"]).value([2.0]) == 6.0
