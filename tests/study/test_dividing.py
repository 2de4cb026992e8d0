"""A study is divided the same way everywhere, evenly, each pair into one shard."""

import subprocess
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optbench.errors import SettingError, UserError
from optbench.study.cost import pair_seconds
from optbench.study.dividing import ShardNumber, divided, shard_of_each
from optbench.study.pairs import expand
from optbench.study.schema import read_study
from tests.command_line import call
from tests.faults.runs import study

COSTS = st.lists(st.floats(0.0, 1e9), max_size=60)


@given(COSTS, st.integers(1, 20))
def test_shards_are_as_even_as_their_largest_thing_allows(costs, count):
    """Greedy division, whatever the order: no load exceeds the mean by more than one thing."""
    loads = [0.0] * count
    for cost, shard in zip(costs, shard_of_each(costs, count), strict=True):
        loads[shard - 1] += cost
    assert max(loads) <= sum(costs) / count + max(costs, default=0.0) * (1 + 1e-9)


def test_equal_things_are_dealt_out():
    assert shard_of_each([0.0] * 5, 3) == [1, 2, 3, 1, 2]
    assert shard_of_each([1.0, 5.0, 4.0, 3.0], 2) == [1, 1, 2, 2]  # 5 | 4, then 4 + 3, then 5 + 1


def test_every_pair_is_in_one_shard_and_their_costs_are_even():
    default = read_study("default")
    pairs, left_out = expand(default)
    parts = [divided(pairs, left_out, default, ShardNumber(n, 16)) for n in range(1, 17)]
    keys = [pair.key for part in parts for pair in part.pairs]
    assert len(keys) == len(set(keys)) and set(keys) == {pair.key for pair in pairs}
    assert [own for part in parts for own in part.left_out] == left_out
    for part in parts:  # in the order of the study
        assert part.pairs == [pair for pair in pairs if pair in part.pairs]
    costs = [sum(pair_seconds(pair, default) for pair in part.pairs) for part in parts]
    largest = max(pair_seconds(pair, default) for pair in pairs)
    assert max(costs) <= max(1.05 * sum(costs) / 16, largest)


def test_another_process_finds_the_same_division():
    """Whatever its seed of hashes and its number of processors."""
    script = """
        from optbench.study.dividing import ShardNumber, divided
        from optbench.study.pairs import expand
        from optbench.study.schema import read_study
        study = read_study("quick")
        for n in (1, 2, 3):
            print(*(p.label for p in divided(*expand(study), study, ShardNumber(n, 3)).pairs))
    """
    said = {
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True,
            check=True, env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path),
                             "OPTBENCH_CACHE": "off"},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1 and said.pop().count("\n") == 3


@pytest.mark.parametrize(
    "text", ["", "3", "0/4", "5/4", "-1/4", "1/0", "1/9999999", "1 / 2", "٣/٤"]
)
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(SettingError, match="expected NUMBER/COUNT such as 3/16"):
        ShardNumber.read(text)


def test_more_shards_than_pairs_are_refused():
    with pytest.raises(UserError, match="shard 2/2: there are 1 pairs .* at most 1 shards"):
        divided(*expand(study()), study(), ShardNumber(2, 2))


def test_the_command_line_runs_shards_and_merges_them(tmp_path):
    toml = tmp_path / "two.toml"
    toml.write_text('optimizers = ["gd[lr=0.1]"]\nproblems = ["booth", "matyas"]\nsteps = 20\n')
    dry = call("run", toml, "--shard", "2/2", "--dry-run")
    assert dry.exit_code == 0 and "1 pair," in dry.output
    for number in (1, 2):
        done = call("run", toml, "--shard", f"{number}/2", "--out", tmp_path / f"{number}")
        assert done.exit_code == 0, done.output
        page = (tmp_path / f"{number}" / "report" / "index.html").read_text()
        assert f"<b>shard {number}/2</b>" in page
    alone = call("merge", tmp_path / "1", tmp_path / "1", "--out", tmp_path / "both")
    assert alone.exit_code == 2 and "both are shard 1/2" in alone.output
    merged = call("merge", tmp_path / "2", tmp_path / "1", "--out", tmp_path / "both")
    assert merged.exit_code == 0, merged.output
    assert "<b>shard" not in (tmp_path / "both" / "report" / "index.html").read_text()
    refused = call("run", toml, "--shard", "3/2")
    assert refused.exit_code == 2 and "3/2" in refused.output
