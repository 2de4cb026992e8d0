"""The committed results are those of the code at hand: a tenth of the pairs is computed anew."""

import functools
import hashlib
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from optbench.kernels.status import rounding_floor
from optbench.report.baseline import stored
from optbench.report.baseline.lane_rows import kept_lanes, lane_rows
from optbench.report.statistics.load import load, load_lanes
from optbench.study.machine import cpu_name
from optbench.study.numeric_code import numeric_versions
from optbench.study.pairs import expand
from optbench.study.running import run_pairs
from optbench.study.schema import read_study
from optbench.study.store import Store
from tests.baseline import FOLDER, STUDIES

MEGABYTES = 5
SHARE = 10
ADVICE = "the numbers have changed: `make baseline` writes them anew; CHANGELOG.md says why"

kept = functools.cache(lambda study: stored.read(FOLDER / study))


def place(pair):
    """Return a number that belongs to the names of a pair."""
    return hashlib.sha256("/".join(pair.key).encode()).digest()


@pytest.fixture(scope="module", params=STUDIES)
def computed(request, tmp_path_factory):
    """Return a study, and the folder of a run of a tenth of its pairs, the first by their names."""
    study = read_study(request.param)
    pairs = sorted(expand(study)[0], key=place)
    folder = tmp_path_factory.mktemp("tenth") / study.name
    with Store(folder) as store:
        store.put_manifest(study=study.model_dump(mode="json"), study_seed=study.study_seed)
        run_pairs(pairs[: len(pairs) // SHARE], study, store)
    return study.name, folder


def test_the_studies_are_the_ones_that_are_built_in():
    for name in STUDIES:
        assert kept(name).study == read_study(name).model_dump(mode="json"), ADVICE
        keys = {(pair.optimizer, pair.label) for pair in kept(name).lanes}
        assert keys == {pair.key for pair in expand(read_study(name))[0]}, ADVICE
    assert sorted(path.name for path in FOLDER.iterdir() if path.is_dir()) == sorted(STUDIES)


def test_they_are_small_enough_to_be_committed():
    sizes = [path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(sizes) <= MEGABYTES * 1e6


def test_medians_lie_in_the_stored_intervals(computed):
    name, folder = computed
    rows = kept(name).convergence.set_index(["label", "optimizer"])
    own = load(folder)["convergence"]
    assert len(own) == len(rows) // SHARE
    outside = [
        (row.label, row.optimizer)
        for row in own.itertuples() if not within(row, rows.loc[row.label, row.optimizer])
    ]  # fmt: skip
    assert len(outside) <= most_outside(len(own), of_this_machine(name)), f"{ADVICE}: {outside}"


def of_this_machine(name):
    """Say whether a study's stored results were computed by a machine like this one."""
    by = kept(name).computed
    return (by["versions"], by["cpu"]) == (numeric_versions(), cpu_name())


def most_outside(pairs, same_machine):
    """Return how many medians may lie outside: none where the bytes are the same.

    Elsewhere lanes part by rounding, and a rate may be chosen that another processor's lanes do
    not choose; an interval of 95 % then misses one in twenty.
    """
    return 0 if same_machine else int(binom.ppf(0.999, pairs, 0.05))


def within(row, of_stored):
    """Say whether a median gap lies in the stored interval, or rounding hides by how much not."""
    if np.isnan(of_stored.gap_low):  # no reference value is known
        return np.isnan(row.median_gap)
    slack = rounding_floor(np.array([0.0]), row.dtype)[0]
    return of_stored.gap_low - slack <= row.median_gap <= of_stored.gap_high + slack


def test_on_the_same_machine_they_are_the_same_bytes(computed):
    name, folder = computed
    if not of_this_machine(name):
        pytest.skip("computed on {cpu} with {versions}".format(**kept(name).computed))
    others = {(pair.optimizer, pair.label): pair for pair in kept(name).lanes}
    own = [kept_lanes(pair) for pair in load_lanes(folder)]
    pd.testing.assert_frame_equal(
        lane_rows(own), lane_rows([others[pair.optimizer, pair.label] for pair in own]),
        check_exact=True, obj=f"lanes of {name} ({ADVICE})",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("median", "inside"), [(1.0, True), (2.0, True), (0.5, False), (2.5, False), (np.inf, False)]
)
def test_a_median_beyond_its_interval_is_seen(median, inside):
    row = SimpleNamespace(median_gap=median, dtype="float64")
    assert within(row, SimpleNamespace(gap_low=1.0, gap_high=2.0)) == inside


def test_facts_name_the_cells():
    for name in STUDIES:
        facts = json.loads((FOLDER / name / stored.FACTS).read_text())
        assert all(len(pair["cells"]) >= 1 for pair in facts["pairs"])
        assert facts["computed"].keys() == {"code", "versions", "cpu"}
