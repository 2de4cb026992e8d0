"""Two versions of the package in turns: ratios, and what they run."""

import subprocess

import pytest

from tests.benchmarks import against, cell_lanes
from tests.benchmarks.cell_lanes import Lanes

LANES = Lanes("adam", "noisy_beale", 2, "float64", 3, (1e-3, 1e-2), 20)


class Played:
    """Gives answers that are known beforehand."""

    def __init__(self, *seconds, finite=6):
        self.answers = [[value, finite] for value in seconds]

    def seconds(self, lanes):
        return self.answers.pop(0)


def test_ratios_are_of_turns():
    comparison = against.compare(LANES, Played(1.0, 2.0, 4.0), Played(8.0, 8.0, 8.0), 3)
    assert comparison.ratios == [8.0, 4.0, 2.0]
    assert (comparison.then, comparison.now) == (8000.0, 2000.0)
    assert "finite" not in str(comparison)


def test_other_work_is_said():
    comparison = against.compare(LANES, Played(1.0, 1.0, finite=5), Played(2.0, 2.0), 2)
    assert str(comparison).endswith("6 lanes were finite then, 5 are now")


def test_lanes_are_every_trial_on_every_draw():
    f = cell_lanes.runner_of_now(LANES)().reshape(3, 2)
    one = Lanes("adam", "noisy_beale", 2, "float64", 3, (1e-2,), 20)
    assert (cell_lanes.runner_of_now(one)() == f[:, 1]).all()
    assert len(set(f.ravel())) == 6


def test_names_of_cases_are_unique():
    names = [str(lanes) for lanes in against.cases()]
    assert len(names) == len(set(names))


def test_a_commit_is_checked_out_for_a_while():
    git = ["git", "-C", str(against.ROOT), "rev-parse", "HEAD"]
    done = subprocess.run(git, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a clone")
    with against.checked_out("HEAD") as tree:
        assert (tree / "optbench" / "__init__.py").is_file()
    assert not tree.exists()
