"""Studies, command lines, data and plugins that nobody means well end in one message, and soon.

The seeds of a failure are printed, and its input is kept; see `hostile_inputs`.
"""

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import hostile_inputs
from tests.faults.hostile_inputs import KINDS, drawn, keep
from tests.faults.hostile_watch import SECONDS

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "fixtures" / "hostile"
SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
COUNT = 250 if SOAK else 15
"""Inputs of each of the four kinds."""


def meet(folder, count, first, *inputs):
    """Meet inputs in a process of their own; return what it printed of those that end badly."""
    command = [sys.executable, "-m", "tests.faults.hostile_inputs", folder, str(count), str(first)]
    done = subprocess.run(
        [*command, *inputs], cwd=ROOT, capture_output=True, text=True,
        timeout=60 + SECONDS * len(KINDS) * (count + len(inputs)),
    )  # fmt: skip
    if done.returncode not in (0, 1) or (done.returncode == 1) != bool(done.stdout):
        return f"ended by {done.returncode}: {done.stderr[-2000:]}"
    return done.stdout


def test_whatever_is_drawn_ends_in_a_result_or_in_one_message():
    first = secrets.randbelow(2**32) if SOAK else 0
    said = meet(ROOT / ".hypothesis" / "hostile", COUNT, first)
    assert said == "", f"kept in .hypothesis/hostile:\n{said}"


def test_what_once_ended_badly_ends_well(tmp_path):
    inputs = sorted(KEPT.iterdir())
    assert inputs
    assert meet(tmp_path, 0, 0, *inputs) == ""


WRITES = b"open('{outside}', 'w').write('x')"
UNPICKLES = b"import pickle, collections\npickle.loads(pickle.dumps(collections.OrderedDict()))"
HANGS = b"import time\ntime.sleep(60)"


@pytest.mark.parametrize(
    ("code", "words"),
    [(WRITES, "open "), (UNPICKLES, "pickle.find_class"), (HANGS, "most recent call first")],
)
def test_what_must_not_come_of_an_input_is_noticed(tmp_path, monkeypatch, code, words):
    outside = tmp_path / "outside"
    files, _ = drawn("toml", 0)
    files["plugins/own.py"] = code.replace(b"{outside}", str(outside).encode())
    keep(tmp_path / "input", files, ["list", "problems", "--plugins", "plugins"])
    seconds = 3 if code is HANGS else SECONDS
    script = (
        "import sys; from tests.faults import hostile_inputs, hostile_watch; "
        f"hostile_watch.SECONDS = {seconds}; sys.exit(hostile_inputs.main(*sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "kept", "0", "0", tmp_path / "input"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == (-signal.SIGALRM if code is HANGS else 1), done.stderr
    assert words in done.stdout + done.stderr


def test_an_input_is_that_of_its_seed(tmp_path):
    for kind in KINDS:
        assert drawn(kind, 5) == drawn(kind, 5) != drawn(kind, 6)
        keep(tmp_path / kind, *drawn(kind, 5))
        assert hostile_inputs.kept(tmp_path / kind) == drawn(kind, 5)
