"""Optimizers and problems pickle, those of authors' files too."""

import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import optbench
from optbench.catalog import finding
from optbench.catalog.identity import problem_identity
from optbench.define import Log, optimizer, plugins, problem
from optbench.errors import DefinitionError
from tests.faults.author_files import BOWL, RULE, write

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings("ignore::optbench.define.plugins.PluginWarning")


@problem(start=[3.0, 0.0], box=((0.0, -3.0), (4.0, 1.0)), rotated=True)
def turned(x):
    return (x[0] - 2.0) ** 2 + 10.0 * (x[1] + 1.0) ** 2 + x[0]


@optimizer(lr=Log(0.1))
def my_gd(x, g, lr):
    return x - lr * g


SEVERAL = [problem(start=[1.0], name="in_a_list")(lambda x: x[0] * x[0])]


def test_optimizers_and_problems_pickle():
    for spec in ("adam[beta1=0.8,clip_norm=2]", "muon", my_gd):
        one = optbench.optimizer(spec)
        again = pickle.loads(pickle.dumps(one))
        assert (again.label, again.values, again.lr) == (one.label, one.values, one.lr)
        assert all(ours is theirs for ours, theirs in zip(one.parts, again.parts, strict=True))
    for name, dim, instance in (("rosenbrock", 4, 2), ("bbob_f01", None, 3), (turned, None, 1)):
        assert pickle.loads(pickle.dumps(made := optbench.problem(name, dim, instance))) is made
    assert pickle.loads(pickle.dumps(SEVERAL[0])) is SEVERAL[0]
    layered = pickle.loads(pickle.dumps(optbench.problem("digits_mlp", instance=1)))
    assert problem_identity(layered) == problem_identity(optbench.problem("digits_mlp", instance=1))


def test_what_no_file_names_says_so_when_it_is_pickled():
    @problem(start=[1.0])
    def local(x):
        return x[0]

    with pytest.raises(DefinitionError, match="local cannot be pickled.*not inside a function"):
        pickle.dumps(optbench.problem(local))


def test_a_plugin_pickles_into_another_process(tmp_path):
    folder = write(tmp_path / "mine.py", BOWL.format(name="my_bowl") + RULE.format(name="my_gd"))
    both = (optbench.problem("my_bowl", folders=folder), optbench.optimizer("my_gd", folder))
    (tmp_path / "both").write_bytes(pickle.dumps(both))
    code = (
        "import pickle, sys; p, o = pickle.load(open(sys.argv[1], 'rb')); "
        "print(p.label, o.label, p.definition([1.0, 2.0]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "both"], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout == "my_bowl (d=2) my_gd 9.0\n", done.stderr


def test_files_are_imported_once_and_warned_about(tmp_path):
    folder = write(tmp_path / "broken.py", "1 / 0")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        finding.problems(folder)
    assert [w.category for w in caught] == [plugins.PluginWarning]
