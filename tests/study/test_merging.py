"""Runs of parts of a study, joined, are the single run; what does not fit together is refused."""

import functools

import pytest

from optbench.errors import ResultsError, UserError
from optbench.report.statistics.load import load_with_manifest
from optbench.study import invocation
from optbench.study.dividing import ShardNumber
from optbench.study.merging import joined_order, merge
from optbench.study.narrowing import Filters, narrowed
from optbench.study.results import Results
from optbench.study.schema import Study
from tests.faults.runs import interrupt_at
from tests.run_tables import table_bytes

STUDY = Study(
    name="small", optimizers=("momentum", "adam", "scipy_lbfgsb"),
    problems=(
        {"name": "rosenbrock", "dims": [2, 3]}, {"name": "booth"}, {"name": "noisy_quadratic"},
        {"name": "sphere", "dims": [2], "steps": 20},
    ),
    steps=30, tuning_instances=(1, 2), scoring_instances=(3, 4, 5),
    lr={"low": 1e-3, "high": 1e-1, "count": 3},
)  # fmt: skip


def part(folder, study=STUDY, **filters):
    return invocation.compute(narrowed(study, Filters(**filters)), folder, threads=1)


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """Return the folder of a single run of the study, and its tables."""
    folder = invocation.compute(STUDY, tmp_path_factory.mktemp("single") / "run", threads=1)
    return folder, table_bytes(folder, folder.parent / "tables")


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """Return a function that runs a part of the study once."""
    root = tmp_path_factory.mktemp("shards")
    return functools.cache(
        lambda *names, **of: part(
            root / "-".join([*names, *of.get("optimizers", "")]), problems=names, **of
        )
    )


def listing(run):
    """Return pairs, problems and the cells by name of a run, and what it studies."""
    with Results(run) as results:
        pairs = [{**pair, "trace": bool(pair["trace"])} for pair in results.pairs()]
        return pairs, list(results.problems().items()), results.names()


def test_parts_by_problem_give_the_bytes_of_the_single_run(single, shards, tmp_path):
    """Problems alternate between the parts, and the parts are named in the other order."""
    parts = [shards("booth", "sphere"), shards("rosenbrock", "noisy*")]
    merged = merge(parts, tmp_path / "merged")
    assert table_bytes(merged, tmp_path / "tables") == single[1]
    assert listing(merged) == listing(single[0])


def test_parts_by_optimizer_give_the_bytes_of_the_single_run(single, tmp_path):
    """Solvers are left out of noise: pairs without results stand where a single run has them."""
    parts = [
        part(tmp_path / "a", optimizers=["scipy_lbfgsb", "adam"]),
        part(tmp_path / "b", optimizers=["momentum"]),
    ]
    merged = merge(parts, tmp_path / "merged")
    assert table_bytes(merged, tmp_path / "tables") == single[1]
    assert listing(merged) == listing(single[0])
    assert any(pair["state"] == "skipped" for pair in listing(merged)[0])


def test_joining_in_two_steps_is_joining_in_one(single, shards, tmp_path):
    first = merge([shards("sphere"), shards("rosenbrock")], tmp_path / "first")
    merged = merge([shards("booth", "noisy*"), first], tmp_path / "merged")
    assert table_bytes(merged, tmp_path / "tables") == single[1]


def test_what_an_interrupt_left_is_computed_by_running_the_joined_run(
    single, shards, tmp_path, monkeypatch
):
    interrupt_at(monkeypatch, cell=2)
    with pytest.raises(KeyboardInterrupt):
        part(tmp_path / "torn", problems=["rosenbrock"])
    monkeypatch.undo()
    merged = merge(
        [tmp_path / "torn", shards("booth", "sphere"), shards("noisy*")], tmp_path / "merged"
    )
    _, manifest = load_with_manifest(merged)
    assert manifest["state"].startswith("interrupted")
    part(merged, problems=["*"])
    assert table_bytes(merged, tmp_path / "tables") == single[1]


def test_a_pair_that_no_part_has_is_one_that_is_missing(shards, tmp_path):
    parts = [
        shards("sphere", optimizers=("adam",)), shards("booth", optimizers=("momentum",)),
    ]  # fmt: skip
    frames, manifest = load_with_manifest(merge(parts, tmp_path / "merged"))
    assert list(frames["skipped"][["optimizer", "label"]].itertuples(index=False, name=None)) == [
        ("adam", "booth (d=2)"), ("momentum", "sphere (d=2)"),
    ]  # fmt: skip
    assert manifest["state"].startswith("interrupted")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "both have momentum on sphere (d=2) and 2 more pairs"),
        ({"study": STUDY.changed(study_seed=5)}, "study settings differ (study_seed = 0 and 5)"),
        ({"study": STUDY.changed(target=1e-3)}, "study settings differ (target = 1e-06 and 0.001)"),
        (
            {
                "study": STUDY.changed(problems=[{"name": "sphere", "dims": [2], "steps": 10}]),
                "optimizers": ["+gd", "gd"],
            },
            "sphere (d=2) is another problem (budget = 20 and 10)",
        ),
    ],
)
def test_what_does_not_fit_together_is_named(shards, tmp_path, changes, words):
    other = part(tmp_path / "other", **{"problems": ["sphere"], **changes})
    with pytest.raises(UserError) as error:
        merge([shards("sphere"), other], tmp_path / "merged")
    assert words in str(error.value) and "other cannot be joined" in str(error.value)
    assert not (tmp_path / "merged").exists()


def test_other_versions_are_named(shards, tmp_path, monkeypatch):
    monkeypatch.setattr("optbench.study.tuning.numeric_code", lambda: "other")
    monkeypatch.setattr("optbench.study.tuning.numeric_versions", lambda: {"numpy": "0.1"})
    other = part(tmp_path / "other", problems=["booth"])
    with pytest.raises(UserError, match="different versions .*numpy = '.*' and '0.1'"):
        merge([shards("sphere"), other], tmp_path / "merged")


def test_one_run_and_a_folder_that_holds_one_are_refused(shards, tmp_path):
    with pytest.raises(UserError, match="two or more"):
        merge([shards("sphere")], tmp_path / "merged")
    with pytest.raises(ResultsError, match="holds a run already"):
        merge([shards("sphere"), shards("rosenbrock")], shards("booth", "sphere"))


@pytest.fixture(scope="module")
def numbered(tmp_path_factory):
    """Return a function that runs a shard of the study once, by its number and their count."""
    root = tmp_path_factory.mktemp("numbered")
    return functools.cache(
        lambda number, of: invocation.compute(
            STUDY, root / f"{number}-of-{of}", threads=1, shard=ShardNumber(number, of)
        )
    )


def test_shards_by_number_give_the_bytes_of_the_single_run(single, numbered, tmp_path):
    merged = merge([numbered(n, 3) for n in (2, 3, 1)], tmp_path / "merged")
    assert table_bytes(merged, tmp_path / "tables") == single[1]
    assert listing(merged) == listing(single[0])
    frames, manifest = load_with_manifest(merged)
    assert manifest["state"] == "complete" and "shard" not in manifest
    assert invocation.compute(STUDY, merged, threads=1) == merged  # the whole study goes on there


def test_a_shard_knows_which_one_it_is(numbered):
    _, manifest = load_with_manifest(numbered(2, 3))
    assert (manifest["shard"]["number"], manifest["shard"]["of"]) == (2, 3)
    for other, words in ((ShardNumber(1, 3), "shard 1/3 was asked"), (None, "the whole study was")):
        with pytest.raises(ResultsError, match=f"holds shard 2/3, and {words}"):
            invocation.compute(STUDY, numbered(2, 3), threads=1, shard=other)


def test_missing_and_double_shards_are_named(numbered, tmp_path):
    with pytest.raises(UserError, match="1 of 3 shards are missing: 3/3; run each with --shard"):
        merge([numbered(1, 3), numbered(2, 3)], tmp_path / "merged")
    with pytest.raises(UserError, match="both are shard 2/3; leave one of them out"):
        merge([numbered(1, 3), numbered(2, 3), numbered(2, 3)], tmp_path / "merged")
    with pytest.raises(UserError, match="one is of 3 shards, the other of 11"):
        merge([numbered(1, 3), numbered(2, 11)], tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_what_missing_shards_lack_is_computed_by_running_the_joined_run(single, numbered, tmp_path):
    merged = merge([numbered(1, 3), numbered(3, 3)], tmp_path / "merged", incomplete=True)
    assert load_with_manifest(merged)[1]["state"].startswith("interrupted")
    invocation.compute(STUDY, merged, threads=1)
    assert table_bytes(merged, tmp_path / "tables") == single[1]


@pytest.mark.parametrize(
    ("sequences", "order"),
    [
        (["abd", "bcd"], "abcd"),  # c comes right after b
        (["ac", "b"], "bac"),
        (["", "ab"], "ab"),
        (["abc", "abc"], "abc"),
    ],
)
def test_orders_are_joined(sequences, order):
    assert joined_order(sequences) == list(order)
