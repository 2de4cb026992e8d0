"""The page: what it says first, what it needs, and that its bytes are always the same."""

import re

import pandas as pd
import pytest

from optbench.report import build
from optbench.report.comparing.verdicts import A_FIRST, B_FIRST
from optbench.report.figures.palette import STORED
from optbench.report.kinds.kind_table import COLUMNS as KIND_COLUMNS
from tests.report.page.parsed import read


@pytest.fixture(scope="module")
def report(tmp_path_factory, make_frames, manifest, surfaces):
    """Return the report of ordinary frames, which several tests look at."""
    folder = tmp_path_factory.mktemp("report")
    skipped = [("momentum", "digits (d=2410)", "needs <noise>")]
    frames = make_frames(diverging={("gd", "sphere (d=2)"): 5}, skipped=skipped, inside=True)
    path = build(folder, frames, manifest(), surfaces=surfaces)
    return (*read(path), folder)


def test_the_page_needs_nothing_from_outside(report):
    text, page, _ = report
    assert all(r.startswith(("data:", "#")) for r in page.references)
    assert "http://" not in text and "https://" not in text
    assert "@import" not in text and "url(" not in text
    anchors = set(re.findall(r'\bid="([^"]+)"', text))
    assert {r[1:] for r in page.references if r.startswith("#")} <= anchors


def test_the_first_screen_says_what_was_done_and_how_to_do_it_again(report):
    _, page, _ = report
    for part in (
        "quick-2024", "3 optimizers on 2 problems, each with 1\u202f000 gradient evaluations",
        "3\u202f600 lanes in 4.5 s, tuned on instances 1–2 and scored on others, 3–6",
        "1.23e8 lane-steps", "12 s compile time (apart)",
        "python -m optbench run quick --seeds 5", "Example CPU", "0123abc", "Study seed7",
        "numpy 2.0", "95 % order-statistic interval", "declared start",
        "5 of 100 scoring lanes diverged",
        "gap at most 1e-6 of the start's (1 problem); training loss 0.1 (1 problem)",
    ):  # fmt: skip
        assert part in page.words, part


def test_the_first_screen_says_what_cannot_be_told(built, make_frames):
    frames = make_frames(
        skipped=[("gd", "sphere (d=2)", "no gradient")],
        problems=(("sphere", 2, "deterministic"), ("ackley", 2, "deterministic")),
    )
    frames["convergence"]["at_edge"] = [True, False, True, False, False]
    frames["convergence"]["default_wins"] = [True, False, False, False, False]
    frames["discrimination"] = pd.DataFrame(
        {"label": ["sphere (d=2)", "ackley (d=2)"], "note": ["says nothing: all win", "all lose"]}
    )
    frames["kinds"] = pd.DataFrame(
        [("valley", "tuned", "adam", 2), ("noise", "tuned", "adam", 9)],
        columns=["kind", "setting", "optimizer", "families"],
    ).reindex(columns=KIND_COLUMNS)  # fmt: skip
    _, page, _ = built(frames)
    words = page.words[page.words.index("What it cannot tell") :]
    for part in (
        "Not run: 1 pair of an optimizer and a problem have no results",
        "Budget: lanes end after at most 1\u202f000 gradient evaluations",
        "Other problems: of valley fewer than 6 families were run",
        "no two optimizers can be told apart on sphere (d=2).",
        "nobody reaches them on ackley (d=2)", "tuning searched the learning rate alone",
        "In 2 of 5 pairs the best rate met the edge of the grid",
        "the default setting did better than the tuned one in 1 of 5 pairs",
    ):  # fmt: skip
        assert part in words, part


def test_the_answer_per_kind_is_a_table(built, make_frames):
    frames = make_frames()
    row = {"kind": "valley", "setting": "tuned", "families": 7, "problems": 9, "note": ""}
    frames["kinds"] = pd.DataFrame(
        [
            row | {"optimizer": "adam", "score": 1.2, "low": 1.1, "high": 1.4, "best_on": 5,
                   "at_least": False},
            row | {"optimizer": "gd", "score": 1.3, "low": 1.1, "high": 1.9, "best_on": 7,
                   "at_least": False},
            row | {"optimizer": "momentum", "score": 4.0, "low": 3.0, "high": 5.5, "best_on": 0,
                   "at_least": True},
        ]
    ).reindex(columns=KIND_COLUMNS)  # fmt: skip
    _, page, _ = built(frames)
    header, answer = page.tables["answer-rows"]
    assert header == ["kind of problem", "tuned", "default", "one for the kind"]
    assert answer == [
        "valley7 families",
        "adam 1.2x [1.1, 1.4]not separable from it: gdthen momentum at least 4x [3, 5.5]", "–", "–",
    ]  # fmt: skip


def test_pairs_that_were_not_run_are_listed_with_the_reason(report):
    _, page, folder = report
    assert page.tables["not-run"][1:] == [["momentum", "digits (d=2410)", "needs <noise>"]]
    assert not any(row[:2] == ["digits (d=2410)", "momentum"] for row in page.tables["rows"])
    assert len(pd.read_csv(folder / "tables" / "skipped.csv")) == 1


def test_unfinished_runs_say_so(built, make_frames):
    _, page, _ = built(make_frames(), state="interrupted: 3 of 12 cells")
    assert "interrupted: 3 of 12 cells. What follows is about the pairs" in page.words


def test_all_names_and_words_are_escaped(built, make_frames):
    nasty = "<script>alert('x')</script>"
    frames = make_frames(optimizers=(nasty, "adam"), problems=((nasty, 2, "deterministic"),))
    frames["problems"]["tags"] = nasty
    frames["problems"]["target_text"] = nasty
    text, page, _ = built(
        frames, run=nasty, command=f"run '{nasty}' </pre>", cpu=nasty, versions={nasty: nasty}
    )
    assert text.count("<script>") == 1
    assert nasty in page.words
    assert page.data["problems"][0]["slug"] == "script-alert-x-script-d-2"


def test_same_bytes_every_time(make_frames, manifest, surfaces, tmp_path):
    pages = [
        build(
            tmp_path / str(n), make_frames(optimizers=("adam", "gd"), rates=5, records=6),
            manifest(), surfaces=surfaces,
        ).read_bytes() for n in (1, 2)
    ]  # fmt: skip
    assert pages[0] == pages[1]


def test_stored_results_are_grey_and_compared_with(built, make_frames):
    problems = tuple((f"p{i}", 3, "deterministic") for i in range(6))
    frames = make_frames(optimizers=("adam", "gd"), problems=problems, rates=3, records=5)
    frames["convergence"]["stored"] = frames["convergence"]["optimizer"] == "gd"
    ratios = [0.5, 0.5, 0.25, 2.0, 0.5, 0.125]
    frames["against"] = pd.DataFrame({
        "label": [f"p{i} (d=3)" for i in range(6)], "a": "adam", "b": "gd",
        "objective_ratio": ratios, "improvement": [1.0, 1.0, 1.0, 0.0, 0.5, 1.0],
        "verdict": [A_FIRST, A_FIRST, A_FIRST, B_FIRST, "", A_FIRST], "note": "",
    })  # fmt: skip
    _, page, _ = built(frames)
    assert page.tables["against-rows"][1:] == [
        ["adam", "gd", "4", "1", "1", "0.5", "[0.125,\xa02]", "75 %"]
    ]
    looks = {own["name"]: own for own in page.data["optimizers"]}
    assert [looks[name]["stored"] for name in ("adam", "gd")] == [False, True]
    assert looks["gd"]["colour"] == STORED != looks["adam"]["colour"]
    assert page.words.count("1 optimizer on 6 problems") == 1
