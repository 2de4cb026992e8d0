import html.parser
import math
import re

import numpy as np
import pandas as pd
import pytest

from optbench.errors import UserError
from optbench.report import build, column_files, overview, sections
from optbench.report.statistics.verdict_table import common_verdicts

VOID = {"meta", "link", "img", "input"}


class Page(html.parser.HTMLParser):
    """Collects what tests ask about: references, table rows, and text."""

    def __init__(self, text):
        super().__init__()
        self.references, self.tables, self.open, self.text = [], [], [], []
        self.alts = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.references += [values[k] for k in ("src", "href", "srcset", "data") if k in values]
        if tag == "img":
            self.alts.append(values["alt"])
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "script"):
            return
        self.text.append(data)
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += data

    @property
    def words(self):
        return re.sub(r"[ \n]+", " ", "".join(self.text))


def read(path):
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open
    return text, page


@pytest.fixture
def built(tmp_path, manifest, surfaces):
    def build_and_read(frames, processes=1, surfaces=surfaces, **changes):
        path = build(tmp_path, frames, manifest(**changes), surfaces=surfaces, processes=processes)
        assert path == tmp_path / "report" / "index.html"
        return (*read(path), tmp_path)

    return build_and_read


@pytest.fixture(scope="module")
def report(tmp_path_factory, make_frames, manifest, surfaces):
    """Return the report of ordinary frames, which several tests look at."""
    folder = tmp_path_factory.mktemp("report")
    skipped = [("momentum", "digits (d=2410)", "needs <noise>")]
    frames = make_frames(diverging={("gd", "sphere (d=2)"): 5}, skipped=skipped, inside=True)
    path = build(folder, frames, manifest(), surfaces=surfaces, processes=1)
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


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory, make_frames, manifest, surfaces):
    """Return the text and the page of these frames."""
    folder = tmp_path_factory.mktemp("by hand")
    frames = frames_by_hand(make_frames)
    return read(build(folder, frames, manifest(), surfaces=surfaces, processes=1))


def test_convergence_table_holds_the_right_rows_in_order(by_hand):
    _, page = by_hand
    header, *rows = page.tables[0]
    assert header == [
        "problem", "optimizer", "reached target", "evaluations", "median final gap", "tuned lr",
        "diverged", "declared start", "default",
    ]  # fmt: skip
    assert rows == [
        ["sphere (d=10)", "gd", "100 %", "16 of 16 [81, 100]", "1\u202f234", "2.25e-9",
         "[1e-9, 4e-9]", "0.5", "edge", "0 of 16", "3e-9", "reached", "75 %",
         "812 evaluations"],
        ["sphere (d=10)", "adam", "50 %", "8 of 16 [28, 72]", "750", "1.5e-7",
         "[1e-8, 2e-6]", "0.01", "beta1 0.95", "3 of 16", "2e-7", "not reached", "25 %", ""],
        ["sphere (d=10)", "momentum", "0 %", "0 of 20 [0, 19]; 2 only touched it", "not reached",
         "∞", "[0.5, ∞]", "1e-4", "", "17 of 20", "–", "f = 0.25", "0.5", "better"],
    ]  # fmt: skip


def test_five_lanes_have_no_interval_and_the_table_says_so(built, make_frames):
    frames = frames_by_hand(make_frames)
    frames["convergence"]["lanes"] = 5
    _, page, _ = built(frames)
    assert [row[6] for row in page.tables[0][1:]] == ["too few lanes for an interval"] * 3


def test_rows_carry_what_they_are_sorted_by(by_hand):
    text, _ = by_hand
    first = re.search(r"<tr><td class=\"text\" data-v=\"sphere.*?</tr>", text, re.DOTALL).group()
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


def test_head_and_guide_say_what_was_done(report):
    _, page, _ = report
    for part in (
        "quick-2024", "3 optimizers", "2 problems", "1.23e8 lane-steps", "4.5 s run time",
        "12 s compile time (apart)", "python -m optbench run quick --seeds 5", "Example CPU",
        "0123abc", "Study seed7", "numpy 2.0", "tuned on instances 1–2", "scored on instances 3–6",
        "95 % order-statistic interval", "declared start", "5 of 100 scoring lanes diverged",
        "gap at most 1e-6 of the start's (1 problem); training loss 0.1 (1 problem)",
    ):  # fmt: skip
        assert part in page.words, part


def test_each_problem_has_a_section_with_its_best_and_its_figures(by_hand):
    _, page = by_hand
    assert (
        "Best: gd, 100 % of lanes reached the target, median 1\u202f234 evaluations." in page.words
    )
    assert page.alts[-1] == "sphere (d=10): loss curves and learning-rate sensitivity"


def test_data_problems_have_a_table_of_parts(built, make_frames):
    frames = make_frames(problems=(("digits", 2410, "net"),))
    rows = frames["convergence"]
    for k, part in enumerate(("train", "validation", "test")):
        rows[f"{part}_loss"], rows[f"{part}_accuracy"] = 0.1 * (k + 1), 0.99 - 0.01 * k
    rows.loc[rows["optimizer"] == "gd", "test_accuracy"] = math.nan
    _, page, _ = built(frames)
    rows = {row[0]: row[1:] for row in page.tables[1][2:]}
    assert rows["adam"] == [
        "0.1",
        "0.2",
        "0.3",
        "0.09",
        "99.0 %",
        "98.0 %",
        "97.0 %",
        rows["adam"][-1],
    ]
    assert rows["gd"][-2] == "–"
    common = common_verdicts(frames["labels"])
    for name, row in rows.items():
        verdict = common[name]
        words = f"{verdict.name} {verdict.agreeing} of 20 lanes; {verdict.evidence}"
        assert row[-1].split() == words.split()


def test_nets_have_a_section_on_what_goes_on_inside(built, make_frames):
    frames = make_frames(
        problems=(("digits", 2410, "net"), ("sphere", 10, "deterministic")), inside=True
    )
    _, page, folder = built(frames)
    for words in ("What goes on inside", "Learning rates"):
        assert page.words.count(words) == 1, words
    for words in (
        "activations, gradients and updates of each layer through training",
        "weights of each layer at initialisation and at the end",
        "the label of the training curve at every learning rate",
    ):
        assert page.alts.count(f"digits (d=2410): {words}") == 1
    rows = page.tables[2][1:]
    swept = frames["labels"].query("phase == 'tuning' and setting != 'default'")
    assert [row[0] for row in rows] == sorted(swept["optimizer"])
    assert rows[0][2:] == ["learning rate too low", "evidence at 0.0001"]
    layers = pd.read_csv(folder / "tables" / "layers.csv")
    assert len(layers) == len(frames["layers"]) and layers["units"].max() == 20
    assert len(pd.read_csv(folder / "tables" / "labels.csv")) == len(frames["labels"])


def test_runs_without_nets_have_neither_section_nor_table(built, make_frames):
    _, page, folder = built(make_frames(problems=(("sphere", 2, "deterministic"),)))
    assert "What goes on inside" not in page.words
    assert not (folder / "tables" / "layers.csv").exists()


def test_lanes_that_leave_are_labelled_diverged(built, make_frames):
    label = "digits (d=2410)"
    frames = make_frames(problems=(("digits", 2410, "net"),), diverging={("gd", label): 15})
    _, page, _ = built(frames)
    rows = {row[0]: row[1:] for row in page.tables[1][2:]}
    assert rows["gd"][-1].startswith("diverged 15 of 20 lanes; training loss stopped being finite")


def test_pairs_that_were_not_run_are_listed_with_the_reason(report):
    _, page, folder = report
    assert page.tables[-1][1:] == [["momentum", "digits (d=2410)", "needs <noise>"]]
    assert not any(row[:2] == ["digits (d=2410)", "momentum"] for row in page.tables[0])
    assert len(pd.read_csv(folder / "tables" / "skipped.csv")) == 1


def test_all_names_and_words_are_escaped(built, make_frames):
    nasty = "<script>alert('x')</script>"
    frames = make_frames(optimizers=(nasty, "adam"), problems=((nasty, 2, "deterministic"),))
    frames["problems"]["tags"] = nasty
    frames["problems"]["target_text"] = nasty
    text, page, folder = built(
        frames, run=nasty, command=f"run '{nasty}' </pre>", cpu=nasty, versions={nasty: nasty}
    )
    assert text.count("<script>") == 1
    assert nasty in page.words
    assert {p.name for p in (folder / "figures").iterdir()} >= {
        "problem-script-alert-x-script-d-2.svg"
    }


def test_figures_are_written_twice_and_are_not_empty(report):
    _, page, folder = report
    stems = {p.stem for p in (folder / "figures").iterdir()}
    assert stems == {
        "heatmap-success", "heatmap-gap", "statuses", "problem-sphere-d-2",
        "trajectories-sphere-d-2", "problem-digits-d-2410", "training-digits-d-2410",
        "layers-digits-d-2410", "weights-digits-d-2410", "rates-digits-d-2410",
    }  # fmt: skip
    assert len(page.alts) == len(stems)
    for stem in stems:
        vector = (folder / "figures" / f"{stem}.svg").read_text()
        picture = (folder / "figures" / f"{stem}.png").read_bytes()
        assert vector.rstrip().endswith("</svg>") and len(vector) > 10_000
        assert picture.startswith(b"\x89PNG") and len(picture) > 10_000


def test_names_are_in_the_vector_files(report):
    _, _, folder = report
    vector = (folder / "figures" / "problem-sphere-d-2.svg").read_text()
    for name in ("adam", "gd  ×5/20", "momentum", "learning rate", "gradient evaluations"):
        assert f"<!-- {name} -->" in vector, name


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


def test_same_bytes_with_one_and_with_two_processes(make_frames, manifest, surfaces, tmp_path):
    frames = make_frames(optimizers=("adam", "gd"), rates=5, records=6)
    pages = [
        build(tmp_path / str(n), frames, manifest(), surfaces=surfaces, processes=n) for n in (1, 2)
    ]
    assert pages[0].read_bytes() == pages[1].read_bytes()


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
    text, page, _ = built(make_frames(**changes))
    count = len(changes.get("optimizers", "123")) * len(changes.get("problems", "12"))
    assert len(page.tables[0]) == 1 + count
    assert len(text) > 50_000


@pytest.mark.filterwarnings("error")
def test_all_lanes_and_all_rates_diverged(built, make_frames):
    frames = make_frames(diverging={(o, "sphere (d=2)"): 20 for o in ("adam", "gd", "momentum")})
    frames["sensitivity"][["mean_gap", "objective", "diverged_share"]] = [math.inf, math.inf, 1.0]
    frames["curves"].loc[frames["curves"]["step"] > 0, ["f", "gap", "best_gap"]] = math.inf
    for column in ("median_gap", "gap_low", "gap_high", "evaluations_to_target"):
        frames["convergence"][column] = math.inf
    frames["convergence"]["success_share"] = 0.0
    _, page, _ = built(frames)
    sphere = [row for row in page.tables[0] if row[0] == "sphere (d=2)"]
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
    row = page.tables[0][1]
    assert row[2:7] == ["–", "", "–", "–", ""]
    assert row[-4:] == ["–", "", "–", ""]


@pytest.mark.filterwarnings("error")
def test_without_surfaces_trajectories_have_no_contours(built, make_frames):
    _, page, folder = built(make_frames(), surfaces=None)
    vector = (folder / "figures" / "trajectories-sphere-d-2.svg").read_text()
    assert "data:image/png" not in vector
    assert "sphere (d=2): trajectories over contours" in page.alts


def test_a_problem_that_nothing_was_run_on_says_so(built, make_frames):
    frames = make_frames()
    for name in ("convergence", "sensitivity", "curves", "paths", "lanes"):
        frames[name] = frames[name][frames[name]["label"] != "sphere (d=2)"]
    _, page, _ = built(frames)
    assert "No optimizer was run." in page.words


def test_labels_that_look_alike_get_different_files(built, make_frames):
    frames = make_frames(problems=(("a b", 3, "deterministic"), ("a-b", 3, "deterministic")))
    _, _, folder = built(frames)
    stems = {p.stem for p in (folder / "figures").iterdir() if p.stem.startswith("problem")}
    assert stems == {"problem-a-b-d-3", "problem-a-b-d-3-2"}


# ------------------------------------------------------------------------------------- large runs


def test_a_page_of_more_than_anyone_reads_has_no_sections_but_those_asked_for(
    make_frames, manifest, tmp_path, monkeypatch
):
    problems = (("sphere", 2, "deterministic"), ("spheroid", 3, "deterministic"),
                ("bowl", 3, "deterministic"))  # fmt: skip
    frames = make_frames(optimizers=("adam",), problems=problems, rates=3, records=5)
    monkeypatch.setattr(sections, "MOST_PROBLEMS", 2)
    text, page = read(build(tmp_path, frames, manifest(), processes=1))
    assert len(page.tables[0]) == 4 and not any("#p-" in r for r in page.references)
    assert "3 problems of this run have no section here" in page.words
    assert "optbench report quick-2024 --problem GLOB" in page.words
    assert {p.stem for p in (tmp_path / "figures").iterdir()} == {
        "heatmap-success", "heatmap-gap", "statuses",
    }  # fmt: skip
    _, page = read(build(tmp_path, frames, manifest(), processes=1, only=["sphere*", "b?wl"]))
    assert {r for r in page.references if "#p-" in r} == {"#p-sphere-d-2", "#p-bowl-d-3"}
    assert "1 problem of this run has no section here" in page.words
    with pytest.raises(UserError, match=r"no problem 'bowl_': did you mean bowl"):
        build(tmp_path, frames, manifest(), only=["bowl_"])


def test_which_problems_have_a_section(make_frames):
    rows = make_frames()["problems"]
    every = ["sphere (d=2)", "digits (d=2410)"]
    assert sections.shown_labels(rows, sections.MOST_PAIRS) == every
    assert sections.shown_labels(rows, sections.MOST_PAIRS + 1) == []
    assert sections.shown_labels(rows, 10**6, ["*"]) == every
    assert sections.shown_labels(rows, 6, ["digits (d=2410)"]) == every[1:]
    assert sections.shown_labels(rows, 6, ["sphere"]) == every[:1]


def test_figures_of_many_optimizers_show_the_best_and_say_so(make_frames, manifest, tmp_path):
    names = tuple(f"rule_{i:02d}" for i in range(sections.SHOWN + 3))
    frames = make_frames(
        optimizers=names, problems=(("sphere", 5, "deterministic"),), rates=3, records=5
    )
    frames["convergence"]["objective"] = np.linspace(100.0, 10.0, len(names))
    frames["convergence"]["ranked_by"] = "evaluations"
    _, page = read(build(tmp_path, frames, manifest(), processes=1))
    assert "Figures show the best 20 of 23 optimizers; all are in the table." in page.words
    vector = (tmp_path / "figures" / "problem-sphere-d-5.svg").read_text()
    assert [f"<!-- {name} -->" in vector for name in names] == [False] * 3 + [True] * 20
    assert len(page.tables[0]) == 1 + len(names)


def test_heatmaps_with_more_cells_than_anyone_reads_are_left_out(built, make_frames, monkeypatch):
    monkeypatch.setattr(overview, "MOST_CELLS", 5)
    _, page, folder = built(make_frames(problems=(("a", 3, "deterministic"),) + (
        ("b", 3, "deterministic"),)))  # fmt: skip
    assert not (folder / "figures" / "heatmap-gap.svg").exists()
    assert "The heatmaps of optimizers and problems are left out" in page.words


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
