"""What newcomers do wrong, and the message that each of it ends in: what, where, what to do."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from optbench.cli.main import main
from optbench.errors import UnknownNameError, meant

BROKEN = "from optbench.define import problem\n@problem(start=[1.0]\ndef f(x):\n    return x[0]\n"
FILES = {
    "own/broken.py": BROKEN,
    "wrong_name.toml": "optimizers = ['adam']\nproblems = ['boooth']\n",
    "wrong_setting.toml": "optimizers = ['adam[lr=]']\nproblems = ['booth']\n",
    "wrong_field.toml": "optimizer = ['adam']\nproblems = ['booth']\n",
    "study.yaml": "optimizers: [adam]\n",
    "results/no_run/notes.txt": "",
}

MISTAKES = """
rnu quick                               | No such command 'rnu'. Did you mean 'run'?
run --outt x                            | No such option '--outt'
run quikc                               | unknown study 'quikc': did you mean quick?
run adam                                | it is an optimizer; write -o adam
run -o adam rosenbrock                  | it is a problem; write -p rosenbrock
run study.yaml                          | a study's file has a name that ends in .toml
run results                             | a study's file has a name that ends in .toml
run missing.toml                        | missing.toml: cannot be read: No such file
run wrong_name.toml                     | wrong_name.toml: field problems.0: unknown problem 'boooth': did you mean booth?
run wrong_setting.toml                  | field optimizers.0: adam[lr=]: expected name=value between the brackets
run wrong_field.toml                    | field optimizer is unknown; did you mean optimizers?
run -o ADAM                             | unknown optimizer 'ADAM': did you mean adam
run -o sgdm                             | unknown optimizer 'sgdm': did you mean sgd
run -o adam,lion                        | several names with commas are none: give each by itself
run -p 'sphere, booth'                  | several names with commas are none: give each by itself
run -o '+adam(lr=0.1)'                  | settings stand in square brackets, 'adam[name=value]'
run -o '+adam{lr=0.1}'                  | settings stand in square brackets, 'adam[name=value]'
run -o 'adam lr=0.1'                    | settings stand in square brackets, 'adam[name=value]'
run -o '+adam[lr=0.1'                   | the settings must end with ']': write adam[lr=0.1]
run -o '+adam[lr 0.1]'                  | expected name=value between the brackets, found 'lr 0.1'
run -o '+adam[learning_rate=1]'         | adam has no hyperparameter 'learning_rate': it has lr, beta1
run -o '+adam[lr=fast]'                 | adam: lr = 'fast' must be a number
run -o '+adam[lr=-1]'                   | adam: lr = -1.0 is outside its range (0, inf)
run -o '+adam[schedule=cosin]'          | schedule = cosin is unknown; it is one of constant, step
run -p Rosenbrock                       | unknown problem 'Rosenbrock': did you mean rosenbrock
run -p booth                            | study default has no problem 'booth'; add it with -p '+booth'
run -p '+rosenbrock[noize=0.1]'         | rosenbrock has no perturbation 'noize': did you mean noise?
run -p '+ladder_noise[level=99]'        | level 99 was asked; it has levels 1 to 6
run --lr 1e-3:1                         | expected LOW:HIGH:COUNT, such as 1e-5:10:25, or one rate
run --lr 1:1e-3:5                       | a grid needs low < high
run --lr 1e-3,1,5                       | expected LOW:HIGH:COUNT
run --seeds 2.5                         | --seeds = 2.5 must be a whole number of at least 1
run --steps -5                          | --steps = -5 is out of range
run --dtype float16                     | 'float16' is not one of 'float64', 'float32'
run --device gpu                        | 'gpu' is not one of 'cpu', 'cuda', 'auto'
run --shard 5/3                         | expected NUMBER/COUNT such as 3/16
run --timeout soon                      | timeout = 'soon' must be a number
run quick --plugins nowhere             | --plugins nowhere: there is no such folder
run -p +f --plugins own                 | broken.py:2: cannot be imported: SyntaxError: '(' was never closed
run --against nothing -o adam           | nothing to compare with is called 'nothing'
run claims -k zzz                       | no claim matches 'zzz'
run claims -o adam                      | run claims does not take --optimizer
run quick -k relu                       | -k is for `run claims`
run quick --seed 2                      | --seed is for `run claims`
run quick --fallback cpu                | --fallback is for --device cuda or auto
run quick --retry-failed                | name its folder by --out
run quick -o lion                       | or run it by itself with -o '+lion' -o 'lion'
compare adam gd --most 50               | --most says where --until ends
export --json --format csv              | csv and --json are two formats of standard output
check adam --against gd --all           | check --against does not take --all
check adam --against gd --timeout 3     | check --against does not take --timeout
check adam --conformance --against gd   | check --against does not take --conformance
check --conformance --all               | check --conformance does not take --all
check adam --conformance --plugins own  | check --conformance does not take --plugins
check adam --lr 0.1                     | --lr is for --against OTHER
check adam[lr=1] --against gd --lr 2    | --lr 2: adam[lr=1] has a rate of its own
report                                  | there is no run below
open                                    | run a study first, such as `optbench run quick`
figures                                 | or name the folder of a run
report nothing                          | unknown run 'nothing'
report results/no_run                   | is not a run: it is no folder that holds a run.sqlite
compare adam                            | Missing argument 'B'
merge a b                               | Missing option '--out'
check                                   | give names, or --all, and not both
check adm                               | unknown optimizer 'adm': did you mean adam
new problem My-Bowl                     | the name 'My-Bowl' is not lower snake case
new problem rosenbrock                  | there is a problem rosenbrock already, at
new net wine_mlp                        | there is a problem wine_mlp already, at
new study 'my study'                    | a study is not called 'my study'; 'my-study' would do
new study quick                         | there is a built-in study quick already
list problem                            | No such command 'problem'. Did you mean 'problems'?
list problems --tag saddel              | nothing here has the tag 'saddel'; did you mean saddle
env --clear                             | Did you mean one of: '--clear-cache'
completion powershell                   | 'powershell' is not one of 'bash', 'zsh', 'fish'
"""  # noqa: E501 - a mistake and its message are a line
CASES = [tuple(map(str.strip, line.split("|", 1))) for line in MISTAKES.strip().splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("mistakes")
    for name, text in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    return place


@pytest.mark.filterwarnings("ignore::optbench.define.plugins.PluginWarning")
@pytest.mark.parametrize(("command", "message"), CASES, ids=[command for command, _ in CASES])
def test_a_mistake_ends_in_one_message(command, message, folder, monkeypatch):
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(main, shlex.split(command))
    assert done.exit_code in (2, 3), done.output
    assert message in done.stderr, done.stderr
    assert "Traceback" not in done.output and not done.stdout
    assert {path.name for path in Path("results").iterdir()} == {"no_run"}


def test_a_name_is_looked_for_in_any_case_and_hints_say_how_it_is_written():
    names = ["adam", "nadam", "rosenbrock"]
    assert meant("Adam", names).startswith("did you mean adam")
    assert meant("adam[lr=1", names) != "settings stand in square brackets, 'adam[name=value]'"
    assert meant("adam*", names) == "did you mean adam, nadam?"
    assert meant("zzz", names) == ""
    assert "see `optbench list claims`" in str(UnknownNameError("claim", "zzz", names))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
def test_a_full_disk_is_said_in_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "optbench", "list", "studies"],
            stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert done.returncode == 3 and "No space left on device; make room" in line
