import base64
import gzip
import html.parser
import json
import math
import re

import numpy as np
import pandas as pd
import pytest

from optbench.errors import UserError
from optbench.report import build, column_files
from optbench.report.comparing.verdicts import A_FIRST, B_FIRST
from optbench.report.figures.palette import STORED
from optbench.report.kinds.kind_table import COLUMNS as KIND_COLUMNS
from optbench.report.page.drawn import drawn_labels
from optbench.report.statistics.verdict_table import common_verdicts

VOID = {"meta", "link", "img", "input", "br"}


class Page(html.parser.HTMLParser):
    """Collects what tests ask about: references, rows of tables by id, text, packed data."""

    def __init__(self, text):
        super().__init__()
        self.references, self.tables, self.open, self.text = [], {}, [], []
        self.packed, self.ids, self.table = {}, [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.references += [values[k] for k in ("src", "href", "srcset", "data") if k in values]
        if tag == "table":
            self.table = self.tables.setdefault(values.get("id"), [])
        if tag == "tr":
            self.table.append([])
        if tag in ("td", "th"):
            self.table[-1].append("")
        if tag not in VOID:
            self.open.append(tag)
            self.ids.append(values.get("id"))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.ids.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "script"):
            self.packed[self.ids[-1]] = data
            return
        self.text.append(data)
        if {"td", "th"} & set(self.open):
            self.table[-1][-1] += data

    @property
    def words(self):
        return re.sub(r"[ \n]+", " ", "".join(self.text))

    @property
    def data(self):
        return json.loads(gzip.decompress(base64.b64decode(self.packed["data"])))


def read(path):
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open
    return text, page


@pytest.fixture
def built(tmp_path, manifest):
    def build_and_read(frames, only=(), **changes):
        path = build(tmp_path, frames, manifest(**changes), only=only)
        assert path == tmp_path / "report" / "index.html"
        return (*read(path), tmp_path)

    return build_and_read


@pytest.fixture(scope="module")
def report(tmp_path_factory, make_frames, manifest, surfaces):
    """Return the report of ordinary frames, which several tests look at."""
    folder = tmp_path_factory.mktemp("report")
    skipped = [("momentum", "digits (d=2410)", "needs <noise>")]
    frames = make_frames(diverging={("gd", "sphere (d=2)"): 5}, skipped=skipped, inside=True)
    path = build(folder, frames, manifest(), surfaces=surfaces)
    return (*read(path), folder)


def frames_by_hand(make_frames):
    """Return frames in which the numbers of one problem's rows are set by hand."""
    frames = make_frames(problems=(("sphere", 10, "deterministic"),))
    rows = frames["convergence"]
    rows["optimizer"] = ["adam", "gd", "momentum"]
    rows["ranked_by"], rows["objective"] = ["evaluations", "evaluations", "gap"], [1750, 1234, 2.0]
    rows["success_share"] = [0.5, 1.0, 0.0]
    rows["success_low"], rows["success_high"] = [0.28, 0.81, 0.0], [0.72, 1.0, 0.19]
    rows["lanes"], rows["reached"], rows["touched"] = [16, 16, 20], [8, 16, 0], [0, 0, 2]
    rows["evaluations_to_target"] = [750.0, 1234.0, math.inf]
    rows["median_gap"] = [1.5e-7, 2.25e-9, math.inf]
    rows["gap_low"], rows["gap_high"] = [1e-8, 1e-9, 0.5], [2e-6, 4e-9, math.inf]
    rows["lr"], rows["at_edge"] = [0.01, 0.5, 1e-4], [False, True, False]
    rows["diverged"] = [3, 0, 17]
    rows["canonical_gap"] = [2e-7, 3e-9, math.nan]
    rows["canonical_f"] = [2e-7, 3e-9, 0.25]
    rows["canonical_success"] = [0.0, 1.0, math.nan]
    rows["default_success_share"] = [0.25, 0.75, math.nan]
    rows["default_evaluations_to_target"] = [math.inf, 812.0, math.nan]
    rows["default_median_gap"], rows["default_wins"] = [1.0, 1e-8, 0.5], [False, False, True]
    rows["value_beta1"] = [0.95, math.nan, math.nan]
    return frames


def test_convergence_table_holds_the_right_rows_in_order(built, make_frames):
    _, page, _ = built(frames_by_hand(make_frames))
    header, *rows = page.tables["rows"]
    assert header == [
        "problem", "optimizer", "reached target", "evaluations", "median final gap", "tuned lr",
        "diverged", "declared start", "default",
    ]  # fmt: skip
    assert rows == [
        ["sphere (d=10)", "gd", "100 %", "16\xa0of\xa016 [81,\xa0100]", "1\u202f234", "2.25e-9",
         "[1e-9,\xa04e-9]", "0.5", "edge", "0 of 16", "3e-9", "reached", "75 %",
         "in 812"],
        ["sphere (d=10)", "adam", "50 %", "8\xa0of\xa016 [28,\xa072]", "750", "1.5e-7",
         "[1e-8,\xa02e-6]", "0.01", "beta1 0.95", "3 of 16", "2e-7", "not reached", "25 %", ""],
        ["sphere (d=10)", "momentum", "0 %", "0\xa0of\xa020 [0,\xa019]; 2\xa0touched",
         "not reached", "∞", "[0.5,\xa0∞]", "1e-4", "", "17 of 20", "–", "f = 0.25", "0.5",
         "better"],
    ]  # fmt: skip


def test_five_lanes_have_no_interval_and_the_table_says_so(built, make_frames):
    frames = frames_by_hand(make_frames)
    frames["convergence"]["lanes"] = 5
    _, page, _ = built(frames)
    assert [row[6] for row in page.tables["rows"][1:]] == ["too few lanes for an interval"] * 3


def test_rows_carry_what_they_are_sorted_by(built, make_frames):
    text, _, _ = built(frames_by_hand(make_frames))
    rows = text[text.index('<table class="rows" id="rows"') :]
    first = re.search(r"<tr data-label=.*?</tr>", rows, re.DOTALL).group()
    values = re.findall(r'data-v="([^"]*)"', first)
    assert values == ["sphere (d=10)", "gd", "-1.0", "1234.0", "2.25e-09", "0.5", "0.0", "3e-09",
                      "-0.75"]  # fmt: skip
    assert "Infinity" in text
    assert "nan" not in re.findall(r'data-v="([^"]*)"', text)


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


def test_each_problem_has_a_row_with_its_best(built, make_frames):
    _, page, _ = built(frames_by_hand(make_frames))
    (row,) = page.tables["problems"][1:]
    assert row[0] == "sphere (d=10)" and row[3] == "gap at most 1e-6 of the start's"
    best = "Best: gd, 100 % of lanes reached the target, median 1\u202f234 evaluations."
    assert row[-1] == best


def test_data_problems_have_a_table_of_parts(built, make_frames):
    frames = make_frames(problems=(("digits", 2410, "net"),))
    rows = frames["convergence"]
    for k, part in enumerate(("train", "validation", "test")):
        rows[f"{part}_loss"], rows[f"{part}_accuracy"] = 0.1 * (k + 1), 0.99 - 0.01 * k
    rows.loc[rows["optimizer"] == "gd", "test_accuracy"] = math.nan
    _, page, _ = built(frames)
    rows = {row[1]: row[2:] for row in page.tables["parts-rows"][1:]}
    assert rows["adam"][:-1] == ["0.1", "0.2", "0.3", "0.09", "99.0 %", "98.0 %", "97.0 %"]
    assert rows["gd"][-2] == "–"
    common = common_verdicts(frames["labels"])
    for name, row in rows.items():
        verdict = common[name]
        words = f"{verdict.name} {verdict.agreeing} of 20 lanes; {verdict.evidence}"
        assert row[-1].split() == words.split()


def test_nets_have_the_evidence_at_every_rate(built, make_frames):
    frames = make_frames(
        problems=(("digits", 2410, "net"), ("sphere", 10, "deterministic")), inside=True
    )
    _, page, folder = built(frames)
    rows = page.tables["evidence"][1:]
    swept = frames["labels"].query("phase == 'tuning' and setting != 'default'")
    assert [row[1] for row in rows] == sorted(swept["optimizer"])
    assert rows[0][3:] == ["learning rate too low", "evidence at 0.0001"]
    layers = pd.read_csv(folder / "tables" / "layers.csv")
    assert len(layers) == len(frames["layers"]) and layers["units"].max() == 20
    read = pd.read_csv(folder / "tables" / "instruments.csv")
    assert len(read) == len(frames["instruments"]) and read["noise_scale"].eq(100).all()
    assert len(pd.read_csv(folder / "tables" / "labels.csv")) == len(frames["labels"])


def test_runs_without_nets_have_neither_section_nor_table(built, make_frames):
    _, page, folder = built(make_frames(problems=(("sphere", 2, "deterministic"),)))
    assert not {"parts-rows", "evidence"} & set(page.tables)
    assert not (folder / "tables" / "layers.csv").exists()
    assert not (folder / "tables" / "instruments.csv").exists()


def test_lanes_that_leave_are_labelled_diverged(built, make_frames):
    label = "digits (d=2410)"
    frames = make_frames(problems=(("digits", 2410, "net"),), diverging={("gd", label): 15})
    _, page, _ = built(frames)
    rows = {row[1]: row[2:] for row in page.tables["parts-rows"][1:]}
    assert rows["gd"][-1].startswith("diverged 15 of 20 lanes; training loss stopped being finite")


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


def test_tables_keep_all_digits(built, make_frames):
    frames = make_frames(problems=(("sphere", 10, "deterministic"),))
    frames["convergence"].loc[0, "median_gap"] = 0.1 + 0.2
    _, _, folder = built(frames)
    for name in ("convergence", "sensitivity", "problems"):
        table = pd.read_csv(folder / "tables" / f"{name}.csv")
        expected = frames[name]
        if name == "convergence":
            keys = ["label", "optimizer"]
            table, expected = (f.sort_values(keys, ignore_index=True) for f in (table, expected))
        pd.testing.assert_frame_equal(table, expected, check_exact=True, check_dtype=False)
    lanes = column_files.read(folder / "tables" / "lanes.npz")
    expected = frames["lanes"][list(lanes)].astype(lanes.dtypes)
    assert {"optimizer", "label", "seed", "f_final", "ended"} <= set(lanes)
    pd.testing.assert_frame_equal(lanes, expected, check_exact=True, check_dtype=False)


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


# ------------------------------------------------------------------------------------ edge cases


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


# -------------------------------------------------------------------------------- what is drawn


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


def test_a_long_table_is_a_file_of_columns(built, make_frames, monkeypatch):
    from optbench.report import tables

    frames = make_frames(problems=(("sphere", 10, "deterministic"),))
    monkeypatch.setattr(tables, "MOST_ROWS", 5)
    _, page, folder = built(frames)
    assert not (folder / "tables" / "sensitivity.csv").exists()
    assert "of every trial: tables/sensitivity.npz" in page.words
    stored = column_files.read(folder / "tables" / "sensitivity.npz")
    expected = frames["sensitivity"].astype(stored.dtypes)
    pd.testing.assert_frame_equal(stored, expected, check_exact=True)
