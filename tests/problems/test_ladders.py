"""The ladders of the catalog: well-posed at both ends, and calibrated as their table says."""

import numpy as np
import pytest

import optbench
from optbench.catalog import plain
from optbench.catalog.stages import function_of
from optbench.cli.checks import problems as checks
from optbench.define.definitions import NetDefinition
from optbench.define.ladders import FIELD, PREFIX
from optbench.study import calibrating
from optbench.study.schema import read_study
from tests.problems import calibrate
from tests.thinning import thinned

LADDERS = calibrate.ladders()
SURFACES = [
    name for name, own in LADDERS.items() if not isinstance(own.first, NetDefinition)
]  # fmt: skip
TABLE = calibrate.table()
LAST = len(calibrating.GOALS)


def rows(name):
    return [row for row in TABLE if row["ladder"] == name]


def test_the_studies_run_every_ladder_with_the_field():
    listed = {}
    for study in map(read_study, ("diagnose", "diagnose-nets")):
        assert {*study.optimizers} >= {*FIELD} - {"gd", "sgd"}
        listed[study.name] = {entry.name.removeprefix(PREFIX) for entry in study.problems}
    assert listed["diagnose"] == {*SURFACES}
    assert listed["diagnose-nets"] == {"net_*"}
    assert {name for name in LADDERS if name.startswith("net_")} == {*LADDERS} - {*SURFACES}
    assert len(SURFACES) >= 24


def test_instances_that_calibrate_neither_tune_nor_score():
    for study in map(read_study, ("diagnose", "diagnose-nets")):
        used = {*study.tuning_instances, *study.scoring_instances}
        assert not used & {*calibrating.SURFACES.instances, *calibrating.NETS.instances}


def test_the_table_is_of_the_levels():
    for name, ladder in LADDERS.items():
        assert tuple(row["value"] for row in rows(name)) == ladder.values, name
        assert {*ladder.values} <= {*ladder.candidates}


def test_success_of_the_field_falls_from_level_to_level():
    """From 80 % to 20 % on four ladders in five, and somebody wins at every level."""
    ends = []
    for name in LADDERS:
        field = np.array([row["field"] for row in rows(name)])
        assert len(field) == LAST
        assert (np.diff(field) <= -calibrating.FALL + 1e-9).all(), name
        assert min(row["best"] for row in rows(name)) >= calibrating.WON, name
        ends.append(field[0] >= 0.8 and field[-1] <= 0.2)
    assert np.mean(ends) >= 0.8


@pytest.mark.parametrize("name", thinned(SURFACES, 3))
def test_both_ends_are_well_posed(name):
    """Slopes are those of the value, the minimum has the least value, starts lie above it."""
    for level in (1, LAST):
        ladder = LADDERS[name]
        own = ladder.rung(level)
        published = optbench.problem(own)
        f, g = published.value_and_grad(published.minimum)
        assert abs(f - published.f_min) < 1e-12 and np.isfinite(g).all()
        for instance in (1, 2):
            problem = optbench.problem(own, instance=instance)
            start = problem.starts([1])[0]
            gap = problem.value(start) - problem.f_min
            assert gap > 1.5 * (own.target if own.targets == "absolute" else 0.0), (level, instance)
            assert problem.value(problem.minimum) <= problem.f_min + 1e-9 * (1.0 + gap)
            if "game" not in own.tags:
                assert not checks.CHECKS.finding("gradient", problem).failed


@pytest.mark.parametrize("name", SURFACES)
def test_levels_share_what_is_compiled(name):
    """What differs lies in constants, so that a ladder costs one compilation."""
    ladder = LADDERS[name]
    rungs = [ladder.rung(level) for level in ladder.levels]
    assert len({own.function for own in rungs}) == 1
    functions = [function_of(own) for own in rungs]
    assert all(own == functions[0] for own in functions)
    identities = {optbench.problem(own).placement.p.tobytes() for own in rungs}
    dims = {own.dim for own in rungs}
    starts = {optbench.problem(own).start.tobytes() for own in rungs}
    assert max(len(identities), len(dims), len(starts)) == len(rungs)


def test_ripples_have_other_minima_from_the_height_that_is_said():
    """The slope of z^2 / 2 + h (1 - cos 2 pi z) has zeros beside 0 if h is large enough."""
    z = np.linspace(0.3, 3.0, 200_001)

    def zeros(height):
        slope = z + 2.0 * np.pi * height * np.sin(2.0 * np.pi * z)
        return int((np.diff(np.sign(slope)) != 0).sum())

    assert zeros(0.116) == 0 and zeros(0.118) > 0


def test_plain_python_agrees_with_what_is_compiled():
    for name in ("rank", "plateaus", "valley", "penalty"):
        problem = optbench.problem(LADDERS[name].rung(LAST))
        f, g = plain.value_and_grad(problem, problem.start)
        expected = problem.value_and_grad(problem.start)
        np.testing.assert_allclose(f, expected[0], rtol=1e-9)
        np.testing.assert_allclose(g, expected[1], rtol=1e-7, atol=1e-9)


def holds(name, level):
    """Whether the field does at a level what the table says, as far as ten instances tell."""
    row = rows(name)[level - 1]
    own = calibrating.standing(LADDERS[name], row["value"])
    return abs(own.field - row["field"]) <= 0.1, own.field, row["field"]


@pytest.mark.parametrize("level", [1, LAST])
def test_the_calibration_holds(level):
    assert holds("kinks", level)[0], holds("kinks", level)


@pytest.mark.conformance
@pytest.mark.parametrize("name", LADDERS)
def test_the_calibration_of_every_ladder_holds(name):
    found = {level: holds(name, level) for level in LADDERS[name].levels}
    assert all(own[0] for own in found.values()), found
