"""What takes long says so on a terminal, and nowhere else."""

import os
import pty
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest

from optbench import waiting


@pytest.fixture
def terminal(monkeypatch):
    """Have what would be written to a terminal in a list; when, the tests say."""
    written = []
    monkeypatch.setattr(waiting, "PATIENCE", 600.0)
    monkeypatch.setattr(waiting, "_on_terminal", lambda: True)
    monkeypatch.setattr(waiting, "_write", written.append)
    return written


def test_short_work_is_silent(terminal):
    with waiting.working("compiling adam"):
        timer = waiting._LINE.timer
    assert timer.finished.is_set() and timer.function == waiting._LINE.show
    waiting._LINE.show()
    assert terminal == []


def test_long_work_says_what_it_is_and_how_far(terminal):
    with waiting.working("writing the report"):
        waiting.tell("drawing figures", 3, 48)
        waiting._LINE.show()  # as the timer does
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
    with waiting.redirect_to(heard.append), waiting.working("compiling adam"):
        waiting._LINE.show()
    assert heard == ["compiling adam"] and terminal == []


def test_a_real_terminal_is_told_and_a_pipe_is_not():
    script = textwrap.dedent("""
        import sys, time
        from optbench import waiting
        waiting.PATIENCE = 0.1
        end = time.monotonic() + float(sys.argv[1])
        with waiting.working("compiling the driver"):
            while not waiting._LINE.visible and time.monotonic() < end:
                time.sleep(0.01)
    """)
    command = [sys.executable, "-c", script]
    assert subprocess.run([*command, "0.3"], capture_output=True).stderr == b""
    ours, theirs = pty.openpty()
    subprocess.run([*command, "60"], stderr=theirs, check=True)
    os.close(theirs)
    assert b"optbench: compiling the driver ..." in os.read(ours, 1000)
    os.close(ours)


@pytest.fixture
def notebook(monkeypatch):
    """Run as the kernel of a notebook; return the lines of the cell's one output."""
    lines = []
    shell = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))

    def display(content, raw, display_id):
        assert raw and display_id and not lines
        lines.append(content["text/plain"])
        return SimpleNamespace(update=lambda more, raw: lines.append(more["text/plain"]))

    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    monkeypatch.setattr(waiting, "PATIENCE", 600.0)
    monkeypatch.setattr(waiting, "PACE", 0.0)
    return lines


def test_a_notebook_has_a_line_below_the_cell_that_is_replaced(notebook):
    with waiting.working("preparing study quick"):
        waiting.tell("early")
        waiting._LINE.show()  # as the timer does
        waiting.tell("tuning adam on booth (d=2): 1 of 3 cells")
    assert notebook == [
        "optbench: early ...", "optbench: tuning adam on booth (d=2): 1 of 3 cells ...", "",
    ]  # fmt: skip


def test_a_notebook_is_not_sent_more_lines_than_can_be_read(notebook, monkeypatch):
    monkeypatch.setattr(waiting, "PACE", 600.0)
    with waiting.working("scoring"):
        waiting._LINE.show()
        for number in range(1000):
            waiting.tell("cells", number, 1000)
    assert notebook == ["optbench: scoring ...", ""]


def test_short_work_leaves_a_notebook_as_it_is(notebook):
    with waiting.working("scoring"):
        pass
    assert notebook == []


def test_compiling_names_what_it_compiles(monkeypatch):
    from optbench.kernels.compiling import options as compiling

    heard = []
    monkeypatch.setenv("OPTBENCH_CACHE", "off")

    def _twice_as_much(x):
        return 2.0 * x

    with waiting.redirect_to(heard.append):
        compiling.jit(_twice_as_much, "float64(float64)")
    assert heard[0] == "compiling twice as much (once)"


def test_what_compiles_names_itself_and_none_of_its_parts():
    heard = []
    with waiting.redirect_to(heard.append):
        with waiting.working("compiling adam (once)"), waiting.working("compiling block (once)"):
            waiting.tell("compiling adam and booth", 2, 3)
        with waiting.working("checking adam"), waiting.working("compiling booth (once)"):
            pass
    assert heard == [
        "compiling adam (once)", "compiling adam and booth (2 of 3)", "compiling adam (once)",
        "checking adam", "compiling booth (once)", "checking adam",
    ]  # fmt: skip
