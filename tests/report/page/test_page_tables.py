"""The tables of the page, and those beside it."""

import math
import re

import pandas as pd

from optbench.report import column_files
from optbench.report.statistics.verdict_table import common_verdicts


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
