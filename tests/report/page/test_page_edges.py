"""Pages of little, of much, of nothing finite, and of the problems that are asked for."""

import math

import numpy as np
import pytest

from optbench.errors import UserError
from optbench.report.page.drawn import drawn_labels


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "changes",
    [
        {"optimizers": ("adam",), "problems": (("sphere", 2, "deterministic"),)},
        {"problems": (("sphere", 10, "deterministic"), ("noisy", 3, "stochastic"))},
        {"problems": (("logistic", 31, "data"),)},
        {"optimizers": ("adam",), "rates": 1, "records": 2, "scoring": (3,), "seeds": 1},
        {"diverging": {(o, "sphere (d=2)"): 20 for o in ("adam", "gd", "momentum")}},
        {
            "optimizers": tuple(f"a_rather_long_optimizer_name_{i:02d}" for i in range(20)),
            "problems": (("sphere", 10, "deterministic"), ("digits", 2410, "net")),
        },
    ],
    ids=["one", "no-2d-no-net", "data", "least", "all-diverged", "twenty"],
)
def test_page_is_built(built, make_frames, changes):
    _, page, _ = built(make_frames(**changes))
    count = len(changes.get("optimizers", "123")) * len(changes.get("problems", "12"))
    assert len(page.tables["rows"]) == 1 + count
    assert len(page.data["optimizers"]) == len(changes.get("optimizers", "123"))


@pytest.mark.filterwarnings("error")
def test_all_lanes_and_all_rates_diverged(built, make_frames):
    frames = make_frames(diverging={(o, "sphere (d=2)"): 20 for o in ("adam", "gd", "momentum")})
    frames["sensitivity"][["mean_gap", "objective", "diverged_share"]] = [math.inf, math.inf, 1.0]
    frames["curves"].loc[frames["curves"]["step"] > 0, ["f", "gap", "best_gap"]] = math.inf
    for column in ("median_gap", "gap_low", "gap_high", "evaluations_to_target"):
        frames["convergence"][column] = math.inf
    frames["convergence"]["success_share"] = 0.0
    _, page, _ = built(frames)
    sphere = [row for row in page.tables["rows"] if row[0] == "sphere (d=2)"]
    assert len(sphere) == 3
    assert all("20 of 20" in row and "∞" in row for row in sphere)
    assert "No optimizer reached the target, and most lanes of each diverged." in page.words


@pytest.mark.filterwarnings("error")
def test_columns_without_numbers(built, make_frames):
    frames = make_frames()
    numeric = [
        "success_share", "success_low", "success_high", "evaluations_to_target", "median_gap",
        "gap_low", "gap_high", "canonical_gap", "canonical_success", "canonical_f", "median_f",
        "default_success_share", "default_evaluations_to_target", "default_median_gap",
    ]  # fmt: skip
    frames["convergence"][numeric] = np.nan
    frames["curves"][["gap", "best_gap", "f"]] = np.nan
    frames["problems"]["f_ref"] = np.nan
    frames["problems"]["target"] = np.nan
    _, page, _ = built(frames)
    row = page.tables["rows"][1]
    assert row[2:7] == ["–", "", "–", "–", ""]
    assert row[-4:] == ["–", "", "–", ""]


def test_a_problem_that_nothing_was_run_on_says_so(built, make_frames):
    frames = make_frames()
    for name in ("convergence", "sensitivity", "curves", "paths", "lanes"):
        frames[name] = frames[name][frames[name]["label"] != "sphere (d=2)"]
    _, page, _ = built(frames)
    assert "No optimizer was run." in page.words


def test_labels_that_look_alike_get_different_anchors(built, make_frames):
    frames = make_frames(problems=(("a b", 3, "deterministic"), ("a-b", 3, "deterministic")))
    _, page, _ = built(frames)
    assert [own["slug"] for own in page.data["problems"]] == ["a-b-d-3", "a-b-d-3-2"]


def test_problems_that_are_asked_for_are_drawn_and_all_are_in_the_tables(built, make_frames):
    problems = (("sphere", 2, "deterministic"), ("spheroid", 3, "deterministic"),
                ("bowl", 3, "deterministic"))  # fmt: skip
    frames = make_frames(optimizers=("adam",), problems=problems, rates=3, records=5)
    _, page, _ = built(frames, only=["sphere", "b?wl"])
    assert len(page.tables["rows"]) == 4
    assert page.data["drawn"] == ["sphere (d=2)", "bowl (d=3)"]
    for name in ("convergence", "rates"):
        assert set(page.data["figures"][name]) == {"sphere (d=2)", "bowl (d=3)"}
    with pytest.raises(UserError, match=r"no problem 'bowl_': did you mean bowl"):
        built(frames, only=["bowl_"])


def test_which_problems_are_drawn(make_frames):
    rows = make_frames()["problems"]
    every = ["sphere (d=2)", "digits (d=2410)"]
    assert drawn_labels(rows) == every == drawn_labels(rows, ["*"])
    assert drawn_labels(rows, ["digits (d=2410)"]) == every[1:]
    assert drawn_labels(rows, ["sphere"]) == every[:1]
