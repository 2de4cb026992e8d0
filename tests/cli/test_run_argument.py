"""RUN is the newest by default, which is said; its page is opened where there is a browser."""

import json
import os
import sys
import webbrowser

import pytest
from click.testing import CliRunner

from optbench.cli import browser
from optbench.cli.main import main

TINY = [
    "run", "quick", "-o", "gd", "-p", "+booth", "-p", "booth", "--lr", "1e-3:1e-1:3",
    "--steps", "9",
]  # fmt: skip


def call(*arguments):
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A working folder with two runs, of which `a` was computed last."""
    place = tmp_path_factory.mktemp("runs")
    for name, seconds in (("b", 0), ("a", 100)):
        run = place / "results" / name
        call(*TINY, "--out", run)
        age = (run / "run.sqlite").stat().st_mtime + seconds
        os.utime(run / "run.sqlite", (age, age))
    return place


@pytest.fixture(autouse=True)
def _here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "arguments", [("export", "--table", "convergence"), ("open",), ("report",)]
)
def test_the_newest_run_is_taken_and_named(arguments):
    done = call(*arguments)
    assert done.stderr == f"optbench: the newest run, {os.path.join('results', 'a')}\n"
    assert "newest" not in call(arguments[0], "results/b", *arguments[1:]).stderr


def test_a_document_says_which_run_it_was():
    for command in ("report", "open"):
        done = call(command, "--json")
        assert json.loads(done.stdout)["run"] == os.path.join("results", "a")
        assert done.stderr == ""


def test_without_a_display_the_path_is_said_and_no_browser_is_begun(monkeypatch, folder):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("a browser was begun"))
    page = folder / "results" / "b" / "report" / "index.html"
    assert f"there is no browser here: open {page} in one" in call("open", "b").stdout


def test_the_page_is_opened_by_its_address(monkeypatch, folder):
    shown = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", lambda url: shown.append(url) or True)
    assert "opened in the browser" in call("open", "b").stdout
    call("report", "b", "--open")
    call(*TINY, "--open", "--out", "results/b")
    page = folder / "results" / "b" / "report" / "index.html"
    assert shown == [page.as_uri()] * 3


def test_a_run_without_a_page_says_what_writes_one(folder):
    page = folder / "results" / "b" / browser.PAGE
    page.unlink()
    done = CliRunner().invoke(main, ["open", "b"])
    assert done.exit_code == 3 and "`optbench report results/b` writes it" in done.stderr
    call("report", "results/b")
    assert page.is_file()


def test_quiet_prints_the_path_of_the_page_alone():
    done = call(*TINY, "-q", "--out", "results/b")
    assert done.output == os.path.join("results", "b", "report", "index.html") + "\n"
