"""``optbench new``: what it writes is there at once, and can be imported."""

import importlib
import re

import pytest

from tests.command_line import call
from tests.faults.author_files import BOWL, write

pytestmark = pytest.mark.filterwarnings("ignore::optbench.define.plugins.PluginWarning")


def test_what_new_writes_is_there_without_being_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert call("new", "problem", "my_bowl").exit_code == 0
    (tmp_path / "problems" / "euler_1.py").write_text("raise SystemExit('not ours')")
    done = call("check", "my_bowl")
    assert done.exit_code == 0 and "problem my_bowl: ok" in done.output, done.output
    assert "my_bowl" in call("list", "problems").output
    assert "my_bowl" in call("run", "quick", "-o", "gd", "-p", "+my_*", "--dry-run").output


def test_a_folder_problems_of_other_things_is_not_touched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "problems" / "euler_1.py", "raise SystemExit('not ours')")
    listed = call("list", "problems")
    assert listed.exit_code == 0 and "left out" not in listed.output
    write(tmp_path / "problems" / "mine.py", BOWL.format(name="sphere"))
    write(tmp_path / "optbench" / "__init__.py", "")  # a source tree: its problems are a catalog
    assert "left out" not in call("list", "problems").output


def test_a_rule_in_the_catalog_of_a_source_tree_is_there_without_being_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "optbench" / "__init__.py", "")
    assert call("new", "optimizer", "my_rule").exit_code == 0
    assert "my_rule" in call("list", "optimizers").output
    assert call("run", "quick", "-o", "+my_rule", "-o", "adam", "--dry-run").exit_code == 0


@pytest.mark.parametrize("name", ["class", "lambda", "x", "math", "where"])
def test_new_refuses_names_that_make_a_file_that_cannot_be_imported(tmp_path, name):
    done = call("new", "problem", name, "--folder", tmp_path)
    assert done.exit_code == 2 and done.stderr.startswith("optbench: new: ")
    assert not list(tmp_path.iterdir())


def test_new_quotes_the_folder_and_names_one_that_cannot_be_written(tmp_path):
    done = call("new", "problem", "mine", "--folder", tmp_path / "my own")
    assert f"optbench check mine --plugins '{tmp_path}/my own'" in done.output
    (tmp_path / "file").write_text("")
    done = call("new", "problem", "mine", "--folder", tmp_path / "file" / "below")
    assert done.exit_code == 2 and "cannot be written" in done.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [("adam", "there is an optimizer adam already"), ("math", "math is what the file imports")],
)
def test_new_refuses_the_name_of_a_rule_that_exists_or_is_used(tmp_path, name, words):
    done = call("new", "optimizer", name, "--folder", tmp_path)
    assert done.exit_code == 2 and words in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["problem", "optimizer", "net", "claim"])
def test_what_a_new_file_names_in_comments_can_be_imported(kind, tmp_path):
    assert call("new", kind, "mine", "--folder", tmp_path).exit_code == 0
    text = (tmp_path / "mine.py").read_text()
    for module, name in re.findall(r"# .*from (optbench[\w.]*) import (\w+)", text):
        assert hasattr(importlib.import_module(module), name), (module, name)
    assert kind != "net" or "from optbench.nets.layers import Dense" in text
