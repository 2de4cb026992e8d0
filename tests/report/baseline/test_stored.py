"""What is kept of a run comes back, and comparisons with it are those with the run itself."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from optbench.errors import ResultsError
from optbench.report.baseline import stored, writing
from optbench.report.baseline.lane_rows import KEPT, kept_lanes
from optbench.report.baseline.stored import FACTS, LANES, TABLES
from optbench.report.comparing.comparisons import comparison_frame
from optbench.report.figures.bands import band
from optbench.report.statistics.load import load, load_lanes
from optbench.report.statistics.pooling import pooled
from optbench.study import invocation
from optbench.study.results import Results
from tests.report.baseline.conftest import STUDY


def of_pair(lanes):
    return {(pair.optimizer, pair.label): pair for pair in lanes}


def test_lanes_come_back_to_the_bit(whole, kept):
    """Every lane that is kept is one of the run, by its trial, instance and seed."""
    back = of_pair(kept.lanes)
    assert list(back) == list(of_pair(load_lanes(whole)))
    for pair in load_lanes(whole):
        own = back[pair.optimizer, pair.label]
        at = np.array([pair.position(number) for number in own.scored])
        for name in KEPT:
            expected = getattr(pair.scoring, name)[:, at]
            assert np.array_equal(getattr(own.scoring, name), expected, equal_nan=True)
        assert own.scored[own.chosen] == pair.scored[pair.chosen]
        assert (own.default is None) == (pair.default is None)
        if own.default is not None:
            assert own.scored[own.default] == pair.scored[pair.default]
        assert np.array_equal(own.instance, pair.instance)
        assert np.array_equal(own.seed, pair.seed)
        rates = dict(zip(pair.number.tolist(), pair.values["lr"], strict=True))
        for number, rate in zip(own.number.tolist(), own.values["lr"], strict=True):
            assert np.array_equal(rates[number], rate, equal_nan=True)
        assert own.basis == pair.basis and own.scoring.tie == pair.scoring.tie


def test_of_what_is_cheap_trials_that_some_resample_chooses_are_kept_and_of_nets_all(whole, kept):
    for pair, own in zip(load_lanes(whole), kept.lanes, strict=True):
        if pair.every_trial:
            assert own.tuning is None
            assert {*own.choices, own.chosen, own.default} == set(range(len(own.scored)))
        elif pair.tuning is not None:
            assert own.kind == "net" and own.choices is None
            for name in KEPT:
                of_both = (getattr(each.tuning, name) for each in (own, pair))
                assert np.array_equal(*of_both, equal_nan=True)
            assert not pair.tuning.grid_cost.any()  # or it would have to be kept


def test_comparisons_of_what_is_kept_are_those_of_the_run(whole, kept):
    """Verdicts, nested intervals and all: the choices of resamples are kept, too."""
    pd.testing.assert_frame_equal(
        comparison_frame(kept.lanes), comparison_frame(load_lanes(whole)), check_exact=True
    )


def test_keeping_twice_is_keeping_once(whole):
    pairs = load_lanes(whole)
    assert pairs
    for pair in pairs:
        once = kept_lanes(pair)
        again = kept_lanes(dataclasses.replace(once, choices=once.choices))
        assert np.array_equal(once.scored, again.scored)


def test_curves_are_medians_over_lanes(whole, kept):
    curves, kinds = load(whole)["curves"], load(whole)["problems"].set_index("label")["kind"]
    keys = ["label", "optimizer", "setting"]
    own = dict(list(kept.curves.groupby(keys, observed=True)))
    every = dict(list(pooled(curves).groupby(keys, observed=True)))
    assert own.keys() == every.keys()
    for key, rows in every.items():
        column = "f" if kinds[key[0]] == "net" else "gap"
        expected, back = band(rows, column), band(own[key], column)
        assert np.array_equal(back.evaluations, expected.evaluations)
        with np.errstate(over="ignore"):
            assert np.array_equal(back.median, expected.median.astype(np.float32))


def test_bytes_depend_on_nothing_but_the_numbers(tables, tmp_path):
    again = invocation.compute(STUDY, tmp_path / "run", threads=2)
    written = [*writing.write(again, tmp_path / "kept").iterdir()]
    assert written and len(written) == len([*tables.iterdir()])
    for path in written:
        assert path.read_bytes() == (tables / path.name).read_bytes(), path.name


def test_facts_say_what_computed_them_and_name_every_cell(whole, tables):
    facts = json.loads((tables / FACTS).read_text())
    with Results(whole) as results:
        assert facts["study"] == results.manifest()["study"]
        cells = [cell for *_, cell in results.names()]
        first = results.get(cells[0], ())[0]
    assert facts["computed"] == {name: first[name] for name in ("code", "versions", "cpu")}
    assert sorted(cell for pair in facts["pairs"] for cell in pair["cells"]) == sorted(cells)
    frames = load(whole)
    for name in TABLES:
        table = frames[name].drop(columns="seconds_per_evaluation", errors="ignore")
        assert (tables / f"{name}.csv").read_text() == table.to_csv(index=False)


@pytest.mark.parametrize("name", [FACTS, LANES, "convergence.csv"])
@pytest.mark.parametrize("harm", ["missing", "torn"])
def test_what_is_damaged_says_so(tables, tmp_path, name, harm):
    folder = tmp_path / "kept"
    folder.mkdir()
    for path in tables.iterdir():
        data = path.read_bytes()
        if path.name != name:
            (folder / path.name).write_bytes(data)
        elif harm == "torn":
            (folder / path.name).write_bytes(
                data[: len(data) // 2] if name != "convergence.csv" else b""
            )
    with pytest.raises(ResultsError, match="kept results cannot be read"):
        stored.read(folder)


def test_another_format_says_so(tables, tmp_path):
    text = (tables / FACTS).read_text().replace('{"format": 1', '{"format": 7', 1)
    (tmp_path / FACTS).write_text(text)
    with pytest.raises(ResultsError, match="format 7, this version reads 1.*make baseline"):
        stored.read(tmp_path)


def test_choices_of_other_resamples_are_refused(tables, monkeypatch):
    """With another chance that a trial is missing, stored choices go with nothing."""
    from optbench.report.comparing import trials_at_hand

    monkeypatch.setattr(trials_at_hand, "DRAWN", 0.25)
    with pytest.raises(ResultsError, match="resample in another way.*make baseline"):
        stored.read(tables)
