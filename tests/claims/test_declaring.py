"""A claim that is declared wrongly, or returns what it should not, gives one clear message."""

import math

import numpy as np
import pytest

from optbench.claims import drawing, finding
from optbench.claims.declaring import claim
from optbench.claims.draws import draw_of
from optbench.claims.experiment import Scores, train
from optbench.claims.measuring import measured
from optbench.claims.theorems import Drawn, deviation, excess
from optbench.errors import DefinitionError, SettingError, UserError

GOOD = dict(
    question="Is it so?", says="It is so.", source="Lecture, section", settings=("a", "b"),
    treatment="new", control="old", measure="loss",
)  # fmt: skip


def shifted(arm, setting, draw):
    """Return a loss that is a tenth smaller in the new arm."""
    noise = np.array([g.normal() for g in draw.scoring.generators(setting)])
    return (0.9 if arm == "new" else 1.0) * np.exp(0.01 * noise)


def declared(function=shifted, **changed):
    return claim(**{**GOOD, **changed})(function)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"question": "It is."}, "ends with a question mark"),
        ({"says": "No stop"}, "one sentence that ends with a full stop"),
        ({"says": "One. Two."}, "one sentence"),
        ({"source": "Lecture"}, "title and section"),
        ({"kind": "guess"}, "choose from theorem, experiment"),
        ({"better": "high"}, "choose from less, more"),
        ({"settings": ("one",)}, "at least two settings"),
        ({"settings": ()}, "settings are empty"),
        ({"control": "new"}, "must be named, and differ"),
        ({"pairs": 9}, "at least 10"),
        ({"margin": 0.9}, "at least 1 (a factor: 1.05 is 5 %)"),
        ({"margin": "much"}, "margin"),
        ({"expects": "equal"}, "more than 1"),
        ({"kind": "theorem"}, r"the function of a theorem takes (setting)"),
        ({"measure": ""}, "name what the function returns"),
    ],
)
def test_what_is_declared_wrongly_is_told_with_its_place(changed, message):
    with pytest.raises(DefinitionError) as told:
        declared(**changed)
    assert message in str(told.value) and "test_declaring.py:" in str(told.value)


def test_margins_of_ratios_are_kept_as_logarithms():
    assert declared().margin == 0.0 and declared(scale="difference").margin == 0.0
    assert declared(margin=1.05).margin == pytest.approx(math.log(1.05))


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (np.ones(3), "a measure of each of 10 lanes"),
        (np.ones((2, 10)), "the same rates on the tuning lanes"),
        (Scores(np.ones((2, 10)), np.ones((3, 8))), "scoring [2, 10] and tuning [3, 8]"),
        (-np.ones(10), "declare scale='difference'"),
        (np.array(["a"] * 10), "expected numbers"),
        (Scores(np.ones(10), arrows=np.ones((4, 3))), "arrows of shape [4, 3]"),
    ],
)
def test_what_a_function_returns_wrongly_is_told(returned, message):
    def wrong(arm, setting, draw):
        return returned

    with pytest.raises(DefinitionError) as told:
        measured(declared(wrong), 1)
    assert message in str(told.value) and "in the setting 'a'" in str(told.value)


def test_a_theorem_that_returns_no_number_is_told():
    def wrong(setting):
        return [1.0]

    wrong = claim(**{**GOOD, "kind": "theorem"})(wrong)
    with pytest.raises(DefinitionError, match="by how much the claim is missed"):
        measured(wrong, 1)


def test_paths_in_the_plane_become_a_picture_with_an_arrow_a_step():
    path = [[0.0, 0.0], [1.0, 2.0], [3.0, 1.0]]

    def walked(setting):
        return Drawn(0.0, {"a walk": path})

    def paired(arm, setting, draw):
        return Scores(np.ones(10), arrows=path)

    facts = measured(claim(**{**GOOD, "kind": "theorem"})(walked), 1)
    assert facts["verdict"] == "supported" and facts["arrows"]["b"] == {"a walk": path}
    picture = drawing.arrows(facts)
    assert picture.count("<polygon") == 2 * 2 and "a walk" in picture
    both = measured(declared(paired), 1)
    assert list(both["arrows"]["a"]) == ["new", "old"]
    assert drawing.arrows(measured(declared(), 1)) == ""


def test_points_of_records_are_those_that_a_lane_goes_through():
    lanes = draw_of(1, 10).scoring
    run = train("sphere", "gd", lanes, steps=4, lr=[0.1, 0.2], dim=2, records=5, points=True)
    assert run.points.shape == (2, 10, 5, 2) and list(run.steps) == [0, 1, 2, 3, 4]
    assert train("sphere", "gd", lanes, steps=4, lr=0.1, dim=2).points.shape == (1, 10, 0, 2)
    assert run.points[:, :, -1] == pytest.approx(run.x)
    steps = np.diff(run.points, axis=2)  # each is a fixed share of the one before
    assert steps[:, :, 1:] == pytest.approx(steps[:, :, :-1] * (steps[:, :, 1:2] / steps[:, :, :1]))


def test_an_effect_that_is_there_is_found_and_its_null_is_not():
    facts = measured(declared(), 1)
    assert facts["verdict"] == "supported" and facts["stable"]
    assert facts["null"]["verdict"] == "not shown"
    assert facts["settings"]["a"]["effect"] == pytest.approx(-math.log(0.9), abs=1e-12)  # paired


def test_a_claim_of_equality_is_its_own_null():
    assert measured(declared(expects="equal", margin=1.2), 1)["null"] is None


def test_another_seed_has_other_lanes():
    seen = []

    def noted(arm, setting, draw):
        seen.append(draw)
        return np.ones(10)

    one = declared(noted)
    for seed in (1, 2):
        measured(one, seed)
    lanes = {(own.study_seed, own.instances) for d in seen for own in (d.tuning, d.scoring)}
    instances = [i for _, own in lanes for i in own]
    assert len(instances) == len(set(instances)) == 2 * 3 * 2 * (10 + 8)


def test_deviations_are_of_like_shapes():
    assert deviation([1.0, 200.0], [1.5, 100.0]) == 1.0
    with pytest.raises(SettingError, match="one prediction for each"):
        deviation(np.ones((2, 1)), np.ones(2))


def test_excess_is_what_is_above_a_bound():
    assert excess([1.0, 2.0], 3.0) == 0.0 and excess([1.0, 5.0], [3.0, 4.0]) == 0.25


def write(folder, name, text):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder


def test_claims_are_found_beside_the_problems_and_in_folders_of_ones_own(tmp_path):
    text = "from optbench.claims.declaring import claim\n\n\n@claim(**{})\ndef mine(a, b, c): ...\n"
    good = text.replace("{}", repr(GOOD))
    folder = write(tmp_path / "own", "own_file.py", good)
    names = finding.claims([folder])
    assert {"equal_weights_stay_equal", "mine"} <= set(names)
    assert names["mine"].family == "own_file"
    with pytest.raises(DefinitionError, match="own_file.py:4: cannot be imported: TypeError"):
        finding.claims([write(tmp_path / "bad", "own_file.py", text)])
    write(folder, "twice.py", good)
    with pytest.raises(DefinitionError, match="mine is declared a second time; first at"):
        finding.claims([folder])
    with pytest.raises(UserError, match="no such folder of claims"):
        finding.claims([tmp_path / "none"])


def test_patterns_are_parts_of_names_or_globs_on_names_and_families():
    every = finding.claims().values()
    assert [one.name for one in finding.selected(every, ["equal_weights"])] == [
        "equal_weights_stay_equal"
    ]
    family = {one.family for one in finding.selected(every, ["mom?ntum"])}
    assert family == {"momentum"}
    assert len(finding.selected(every, [])) == len(every)
    with pytest.raises(UserError, match="no claim matches 'nonsense'.*initialisation"):
        finding.selected(every, ["nonsense"])
