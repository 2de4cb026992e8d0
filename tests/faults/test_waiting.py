"""What takes long says so on a terminal, and nowhere else."""

import os
import pty
import subprocess
import sys
import textwrap
import time

import pytest

from optbench import waiting


@pytest.fixture
def terminal(monkeypatch):
    """Have what would be written to a terminal in a list, after a tenth of a second."""
    written = []
    monkeypatch.setattr(waiting, "PATIENCE", 0.1)
    monkeypatch.setattr(waiting, "_on_terminal", lambda: True)
    monkeypatch.setattr(waiting, "_write", written.append)
    return written


def test_short_work_is_silent(terminal):
    with waiting.working("compiling adam"):
        pass
    time.sleep(0.15)
    assert terminal == []


def test_long_work_says_what_it_is_and_how_far(terminal):
    with waiting.working("writing the report"):
        waiting.tell("drawing figures", 3, 48)
        time.sleep(0.2)
        waiting.tell("drawing figures", 4, 48)
        with waiting.working("compiling adam"):
            pass
    lines = [text.removeprefix("\r\x1b[K") for text in terminal]
    assert lines == [
        "optbench: drawing figures (3 of 48) ...", "optbench: drawing figures (4 of 48) ...",
        "optbench: compiling adam ...", "optbench: drawing figures (4 of 48) ...", "",
    ]  # fmt: skip


def test_a_bar_shows_it_instead(terminal):
    heard = []
    with waiting.told_to(heard.append), waiting.working("compiling adam"):
        time.sleep(0.15)
    assert heard == ["compiling adam"] and terminal == []


def test_a_real_terminal_is_told_and_a_pipe_is_not():
    script = textwrap.dedent("""
        import time
        from optbench import waiting
        waiting.PATIENCE = 0.2
        with waiting.working("compiling the driver"):
            time.sleep(0.6)
    """)
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, capture_output=True).stderr == b""
    ours, theirs = pty.openpty()
    subprocess.run(command, stderr=theirs, check=True)
    os.close(theirs)
    assert b"optbench: compiling the driver ..." in os.read(ours, 1000)
    os.close(ours)


def test_compiling_names_what_it_compiles(monkeypatch):
    from optbench.kernels import compile as compiling

    heard = []
    monkeypatch.setenv("OPTBENCH_CACHE", "off")

    def _twice_as_much(x):
        return 2.0 * x

    with waiting.told_to(heard.append):
        compiling.jit(_twice_as_much, "float64(float64)")
    assert heard[0] == "compiling twice as much (once)"
