"""Shell completion: what each argument completes to, how long it takes, and one real bash."""

import json
import os
import pty
import re
import select
import shutil
import stat
import subprocess
import sys
import time

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

import optbench
from optbench.catalog import finding
from optbench.cli import known_names
from optbench.cli.main import main
from optbench.cli.new_claim import CLAIM
from tests.faults.author_files import BOWL, write

RULE = """
from optbench.define import Log, optimizer


@optimizer(lr=Log(0.1), source="me")
def {name}(x, g, lr):
    raise RuntimeError("nobody runs this to complete a name")
"""

LADDER = """
from optbench import define


@define.ladder("of_mine", "how much", [1.0, 2.0])
def nobody_sees_this_name(value):
    raise RuntimeError("nobody makes a level to complete a name")
"""


def completed(*words):
    """Return what the last word completes to, as click asks our commands."""
    items = ShellComplete(main, {}, "optbench", "_").get_completions(list(words[:-1]), words[-1])
    return [item.value for item in items]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("fig",), ["figures"]),
        (("list", "pert"), ["perturbations"]),
        (("run", "qui"), ["quick"]),
        (("run", "clai"), ["claims"]),
        (("run", "--op"), ["--optimizer", "--open"]),
        (("run", "-o", "adamw"), ["adamw"]),
        (("run", "-o", "+adamw"), ["+adamw"]),
        (("run", "-p", "+rosenb"), ["+rosenbrock"]),
        (("run", "-o", "adam[bet"), ["adam[beta1=", "adam[beta2="]),
        (("run", "-o", "adam[lr=0.1,warm"), ["adam[lr=0.1,warmup="]),
        (("run", "-o", "adam[schedule=cos"), []),
        (("run", "-p", "+rosenbrock[stal"), ["+rosenbrock[stale="]),
        (("run", "claims", "-k", "sigmoid_is_b"), ["sigmoid_is_bounded"]),
        (("compare", "adamw"), ["adamw"]),
        (("list", "problems", "--tag", "sadd"), ["saddle"]),
        (("list", "nets", "wine_m"), ["wine_mlp"]),
        (("check", "lion"), ["lion"]),
        (("run", "--against", "base"), ["baseline"]),
        (("completion", "z"), ["zsh"]),
        (("new", "s"), ["study"]),
    ],
)
def test_a_word_is_completed(words, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert completed(*words) == expected


def test_all_names_there_are_complete():
    assert {*completed("run", "-o", "")} >= {*optbench.optimizers()}
    assert {*completed("run", "-p", "")} == {*finding.problems()}


def test_runs_studies_and_names_of_ones_own_are_completed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "problems" / "mine.py", BOWL.format(name="my_bowl"))
    write(tmp_path / "problems" / "rules.py", RULE.format(name="my_rule"))
    write(tmp_path / "claims" / "mine.py", CLAIM.text.format(name="my_claim"))
    write(tmp_path / "problems" / "broken.py", "from optbench import (")
    write(tmp_path / "my_study.toml", "")
    write(tmp_path / "results" / "quick-1" / "run.sqlite", "")
    write(tmp_path / "results" / "no_run" / "other", "")
    write(tmp_path / "problems" / "levels.py", LADDER)
    assert completed("run", "-p", "+my_") == ["+my_bowl"]
    assert completed("run", "-p", "+ladder_of_") == ["+ladder_of_mine"]
    assert completed("run", "-o", "my_") == ["my_rule"]
    assert completed("run", "claims", "-k", "my_") == ["my_claim"]
    write(tmp_path / "more" / "other.py", RULE.format(name="another_rule"))
    assert completed("run", "-o", "another") == []
    assert completed("run", "--plugins", "more", "-o", "another") == ["another_rule"]
    assert completed("check", "my_") == ["my_rule", "my_bowl", "my_study.toml"]
    assert completed("run", "my_") == ["my_study.toml"]
    write(tmp_path / "results" / "claims-1" / "claims" / "one.json", "")
    assert completed("report", "") == ["claims-1", "quick-1"]
    assert completed("export", "") == ["quick-1"]
    assert completed("report", "results/q") == ["results/quick-1/"]


def test_names_are_kept_until_a_file_of_the_catalog_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("OPTBENCH_CACHE_DIR", str(tmp_path / "cache"))
    calls = []
    monkeypatch.setitem(known_names.CATALOG, "optimizers", lambda: calls.append(1) or {"a": []})
    assert known_names.names("optimizers") == known_names.names("optimizers") == {"a": []}
    assert len(calls) == 1
    monkeypatch.setattr(known_names, "_key", lambda: "another")
    known_names.names("optimizers")
    (file,) = (tmp_path / "cache").iterdir()
    assert len(calls) == 2 and json.loads(file.read_text())["key"] == "another"
    file.write_text("{")
    known_names.names("optimizers")
    assert len(calls) == 3
    monkeypatch.setenv("OPTBENCH_CACHE", "off")
    known_names.names("optimizers")
    assert len(calls) == 4


def test_a_name_is_completed_without_numba():
    known_names.names("optimizers")  # kept
    code = (
        "import sys, atexit; from optbench.cli.main import main; sys.argv = ['optbench']\n"
        "atexit.register(lambda: print('numba' in sys.modules, 'numpy' in sys.modules))\n"
        "main()"
    )
    environment = {
        **os.environ, "COMP_WORDS": "optbench run -o adamw", "COMP_CWORD": "3",
        "_OPTBENCH_COMPLETE": "bash_complete",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["plain,adamw", "False", "False"], done


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed(shell):
    done = CliRunner().invoke(main, ["completion", shell])
    assert done.exit_code == 0 and f"_OPTBENCH_COMPLETE={shell}_complete" in done.output


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_tab_key_works_in_bash(tmp_path):
    known_names.names("optimizers")
    command = tmp_path / "optbench"
    command.write_text(
        f"#!{sys.executable}\nimport sys\nsys.argv[0] = 'optbench'\n"
        "from optbench.cli.main import main\nmain()\n"
    )
    command.chmod(command.stat().st_mode | stat.S_IEXEC)
    process, terminal = pty.fork()
    if not process:
        os.environ |= {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PS1": "ready> ", "TERM": "dumb"}
        os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
    try:
        _until(terminal, "ready> ")
        os.write(terminal, b'eval "$(optbench completion bash)"; echo do""ne\n')
        _until(terminal, "\r\ndone\r\n")
        os.write(terminal, b"echo optbench; optbench run -o schedule_free_sg\t")
        _until(terminal, "schedule_free_sgd ")
        os.write(terminal, b"-o 'adam[beta1\t")
        assert not _until(terminal, "adam[beta1=").endswith("= ")
    finally:
        os.close(terminal)
        os.kill(process, 9)
        os.waitpid(process, 0)


def _until(terminal, text):
    """Read from a terminal until a text comes; return all that came."""
    seen, deadline = "", time.monotonic() + 60.0
    while text not in seen:
        assert time.monotonic() < deadline, seen
        if select.select([terminal], [], [], 1.0)[0]:
            seen += re.sub(r"\x1b\[\?2004[hl]\r?", "", os.read(terminal, 4096).decode())
    return seen
