"""``optbench map``: its files, its document, its messages."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from optbench.cli.main import main

QUICK = ["map", "-o", "momentum", "-p", "rosenbrock", "--size", "16", "--steps", "200"]


def invoke(*arguments):
    return CliRunner().invoke(main, list(arguments))


def test_it_writes_a_picture_and_the_arrays(tmp_path):
    picture = tmp_path / "own.png"
    done = invoke(*QUICK, "--out", str(picture), "--data", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["files"] == [str(picture), str(tmp_path / "own.npz")]
    assert picture.read_bytes().startswith(b"\x89PNG")
    with np.load(tmp_path / "own.npz") as kept:
        counts = np.bincount(kept["outcome"].ravel(), minlength=3) / 16**2
        assert counts.tolist() == list(document["shares"].values())
        assert (document["x"]["name"], document["y"]["name"]) == ("lr", "momentum")


def test_without_a_name_the_picture_has_those_of_its_optimizer_and_problem(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = invoke(*QUICK, "--x", "lr=1e-4:1e-2", "--y", "momentum=0:0.99")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "map-momentum-rosenbrock.png").exists()
    assert "% target" in done.stdout and "best: lr = " in done.stdout


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--x", "rate"], "momentum has no hyperparameter 'rate'"),
        (["--y", "momentum=0:2"], "outside its range [0, 1)"),
        (["--out", "picture.jpg"], "--out picture.jpg names no .png file"),
        (["-p", "rosenbrok"], "unknown problem 'rosenbrok': did you mean rosenbrock"),
    ],
)
def test_mistakes_are_told_in_one_line(more, message):
    done = invoke(*QUICK, *more)
    assert done.exit_code == 2
    assert message in done.stderr and len(done.stderr.splitlines()) == 1


def test_of_lanes_that_all_left_the_finite_none_is_the_best(tmp_path):
    done = invoke(*QUICK, "--x", "lr=10:100", "--y", "momentum=0.9:0.99",
                  "--out", str(tmp_path / "a.png"), "--json")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["best"] is None
    done = invoke(*QUICK, "--x", "lr=10:100", "--y", "momentum=0.9:0.99",
                  "--out", str(tmp_path / "a.png"))  # fmt: skip
    assert "no lane stayed finite" in done.stdout
