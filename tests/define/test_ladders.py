"""Ladders as authors declare them: levels, names, draws, and what is refused."""

import pickle

import numpy as np
import pytest

import optbench
from optbench.catalog import finding
from optbench.define import ladder, problem
from optbench.define.ladders import levels_of
from optbench.errors import DefinitionError, UserError
from optbench.study.pairs import expand
from optbench.study.schema import Study


def bowl(x, g, p):
    """p_0 |x|^2 / 2."""
    f = 0.0
    for i in range(len(x)):
        g[i] = p[0] * x[i]
        f += 0.5 * g[i] * x[i]
    return f


def declare(levels=(1.0, 10.0, 100.0)):
    @ladder("steep", "curvature", levels)
    def steep(curvature):
        made = problem(start=1.0, minimum=0.0, f_min=0.0, dim=2)(bowl)
        made.constants(lambda rng, dim: [curvature])
        return made

    return steep


def test_the_levels_are_one_family_with_one_function_and_one_start():
    steep = declare()
    rungs = levels_of(steep)
    assert [own.name for own in rungs] == [f"ladder_steep[level={k}]" for k in (1, 2, 3)]
    assert {own.family for own in (steep, *rungs)} == {"ladder_steep"}
    assert len({own.function for own in rungs}) == 1
    made = [optbench.problem(own, instance=3) for own in (steep, *rungs)]
    starts = np.array([own.starts([1])[0] for own in made])
    assert (starts == starts[0]).all()
    values = [own.value(starts[0]) for own in made]
    np.testing.assert_allclose(np.divide(values, values[0]), [1.0, 1.0, 10.0, 100.0])


def test_a_level_is_made_once():
    steep = declare()
    assert steep.ladder.rung(2) is levels_of(steep, [2])[0]
    assert levels_of(steep.ladder.rung(2)) == [steep.ladder.rung(2)]


@pytest.mark.parametrize("levels", [(1.0,), (1.0, 2.0, 1.0), (1.0, np.nan)])
def test_levels_that_are_none_are_refused(levels):
    with pytest.raises(DefinitionError, match=r"test_ladders\.py:\d+: ladder_steep"):
        declare(levels)


def test_brackets_name_a_level():
    own = finding.definition("ladder_kinks[level=3]")
    assert own.level == 3 and own is finding.definition("ladder_kinks").ladder.rung(3)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ladder_kinks[level=7]", "ladder_kinks: level 7 was asked; it has levels 1 to 6"),
        ("ladder_kinks[level=0]", "level 0 was asked"),
        ("sphere[level=2]", "sphere has no levels"),
    ],
)
def test_a_level_that_is_not_there_is_refused(name, words):
    with pytest.raises(UserError, match=words):
        finding.definition(name)


@pytest.mark.parametrize(
    "name",
    ["ladder_kinks", "ladder_kinks[level=3]", "ladder_delay", "ladder_delay[level=3]",
     "ladder_delay[level=3,noise=0.5]", "ladder_kinks[level=3,noise=0.5]"],
)  # fmt: skip
def test_levels_pickle_and_their_names_read_back(name):
    own = finding.definition(name)
    assert pickle.loads(pickle.dumps(own)) is own
    assert finding.definition(own.name) is own


def labels(*problems):
    study = Study(name="own", optimizers=["gd", "sgd"], problems=problems)
    return [pair.problem.name for pair in expand(study)[0]]


def test_a_study_runs_all_levels_or_those_that_it_lists():
    assert labels("ladder_kinks") == [f"ladder_kinks[level={k}]" for k in range(1, 7)]
    some = {"name": "ladder_kinks", "levels": [2, 5]}
    assert labels(some) == ["ladder_kinks[level=2]", "ladder_kinks[level=5]"]
    assert labels("ladder_kinks[level=4]") == ["ladder_kinks[level=4]"]


def test_levels_of_what_has_none_are_refused():
    with pytest.raises(UserError, match="sphere has no levels"):
        labels({"name": "sphere", "levels": [1]})
