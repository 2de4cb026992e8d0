"""Every block of code and every command that the pages show works as it stands."""

import contextlib
import re
import shutil
import tomllib
from importlib.util import find_spec

import click
import pytest
from click.testing import CliRunner

from optbench.cli.exit_codes import FAILED
from optbench.cli.main import main
from tests.shown import (
    PAGES,
    PLACEHOLDER,
    ROOT,
    SHELLS,
    WRITTEN,
    blocks,
    commands,
    commands_of,
    parsed,
)

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]
ELSEWHERE = ("foreign.md", "maps.md", "python.md")
"""Pages with tests of their own, beside those of what they are about."""
WALKED = [
    page for page in PAGES
    if page.name not in ELSEWHERE
    and any(block.language in ("python", "toml") for block in blocks(page))
]  # fmt: skip
COSTLY = ("add_a_net.md", "add_data.md", "bridges.md", "perturbations.md")
"""Pages whose blocks take long to compile, or torch and JAX: `make conformance` runs them."""
GUEST = re.compile(r"\b(torch|optax):")
LONG = ("bbob", "nets", "diagnose", "diagnose-nets", "claims", "full", "tuned", "default", "images",
        "sequences", "practice")  # fmt: skip
"""Studies that take longer than a test may."""
NEVER = ("--scheduler", "--workers", "--clear-cache", "--warm", "--until", "--open")
"""Options of what a test may not do: other machines, the cache of all, a browser, long waits."""


def optbench(*words):
    """Run a command; only a comparison step by step may find what it is there to find."""
    done = CliRunner().invoke(main, list(words), catch_exceptions=False)
    fine = (0, FAILED) if words[0] == "check" and "--against" in words else (0,)
    assert done.exit_code in fine, f"optbench {' '.join(words)}\n{done.output}"


@pytest.mark.parametrize("page", [p for p in PAGES if p not in WRITTEN], ids=lambda p: p.name)
def test_commands_are_parsed(page):
    for tool, *words in commands_of(page):
        if tool == "optbench":
            # Text may name a command alone, and help ends it.
            with contextlib.suppress(click.MissingParameter, click.exceptions.Exit):
                parsed(words)
        elif tool == "make":
            targets = [word for word in words if not re.match(r"[A-Z_]+=", word)]
            assert all(re.search(rf"^{t}:", MAKEFILE, re.MULTILINE) for t in targets), words
        elif tool == "pip":
            extras = re.findall(r"\[([\w,]+)\]", " ".join(words))
            assert {name for text in extras for name in text.split(",")} <= EXTRAS.keys()
        elif words[0] == "-m":
            assert find_spec(words[1]), words
        else:
            saved = {block.file for block in blocks(page)}  # by the reader, from this page
            there = (ROOT / words[0]).is_file() or words[0] in saved
            assert there or words[0].startswith("-"), words


def steps(page):
    """Return what a reader of a page does: (language, block) or ("command", words), in order."""
    for block in blocks(page):
        if block.language in SHELLS:
            yield from (("command", words) for words in commands(block.text))
        else:
            yield block.language, block


def walk(page, folder, command):
    """Save, call and run what a page shows, in an empty folder; what writes files comes first.

    A process looks only once at what files declare, a reader's commands look anew. What is to be
    saved knows nothing of what stands before it on the page.
    """
    own = {"__name__": "page"}
    for number, (kind, step) in enumerate(steps(page)):
        if kind == "command":
            if step[:2] == ["optbench", "new"]:
                command(step)
        else:
            _path(folder, number, kind, step).write_text(step.text)
    for number, (kind, step) in enumerate(steps(page)):
        if kind == "command" and step[:2] != ["optbench", "new"]:
            command(step)
        elif kind == "python":
            before = {"__name__": "page"} if step.file else own
            exec(compile(step.text, _path(folder, number, kind, step), "exec"), before)
            own.update(before)


def _path(folder, number, kind, block):
    """Return where a block is saved: under the name that its first line says."""
    path = folder / (block.file or f"block_{number}.{kind}")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def named(words):
    """Whether a command names nothing that a reader has to put a name of their own for."""
    return words[0] == "optbench" and not any(map(PLACEHOLDER.search, words[1:]))


def say_what_would_run(words):
    """Resolve the names of a command, and run what takes no time and needs no other package."""
    if not named(words) or "claims" in words or GUEST.search(" ".join(words)):
        return
    if words[1] == "run":
        without = [word for word in words[1:] if word not in ("--json",)]
        optbench(*without, "--dry-run")
    elif words[1] in ("new", "list") and "activations" not in words:
        optbench(*words[1:])


def call(words):
    """Run a command, or say what it would run where that takes long."""
    tool, *rest = words
    if tool != "optbench" or rest[0] == "env" or not {*NEVER}.isdisjoint(rest):
        return
    if rest[0] == "compare" and "--against" in rest:
        return  # what is stored is of studies that take too long here
    if {"STUDY", *LONG}.isdisjoint(rest) and (rest[0] != "run" or not rest[1].startswith("-")):
        optbench(*rest)
    else:
        say_what_would_run(words)


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [p for p in WALKED if p.name not in COSTLY], ids=lambda p: p.name)
def test_pages_work_from_top_to_bottom(page, empty):
    walk(page, empty, say_what_would_run)


@pytest.fixture(scope="module")
def named_runs(tmp_path_factory):
    """The runs that pages speak of: RUN, OTHER_RUN, and the shards A and B."""
    results = tmp_path_factory.mktemp("named") / "results"
    small = ("quick", "-o", "adam", "-o", "momentum", "-p", "sphere", "-p", "rosenbrock")
    for name, *more in (
        ("RUN",), ("OTHER_RUN", "--steps", "200"), ("A", "--shard", "1/2"), ("B", "--shard", "2/2")
    ):  # fmt: skip
        optbench("run", *small, *more, "--out", str(results / name))
    return results


@pytest.mark.conformance
@pytest.mark.parametrize("page", WALKED, ids=lambda page: page.name)
def test_pages_work_for_real(page, empty, named_runs):
    shutil.copytree(named_runs, empty / "results")
    for shard in ("A", "B"):
        shutil.copytree(named_runs / shard, empty / shard)
    walk(page, empty, call)


def test_all_perturbations_are_listed():
    from optbench.perturbations.catalog import SETTINGS

    text = (ROOT / "docs" / "perturbations.md").read_text("utf-8")
    assert not {name for name in SETTINGS if f"`{name}`" not in text}


def test_all_figures_of_merit_are_defined():
    from optbench.report.merit.merit_table import DTYPES

    figures = {
        name for name, dtype in DTYPES.items()
        if dtype is float and not name.endswith(("_low", "_high", "_p"))
    }  # fmt: skip
    for page in ("figures_of_merit.md", "runs.md"):
        text = (ROOT / "docs" / page).read_text("utf-8")
        assert not {name for name in figures if f"`{name}`" not in text}, page
