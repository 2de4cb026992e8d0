"""The house stands as docs/architecture.md draws it: rooms, arrows, no circles, files of a size."""

import ast
import collections
from pathlib import Path

import pytest

from docs import draw_architecture
from tests import architecture
from tests.architecture import PACKAGE, PLAN, ROOT, Import, all_imports, modules

LINES, FUNCTION_LINES, TOP_FILES = 300, 50, 6


def test_every_file_is_in_a_room_or_has_its_place_at_the_top():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    top = {path.stem for path in PACKAGE.glob("*.py")}
    assert rooms == set(PLAN["rooms"])
    assert top == {"__init__", *PLAN["ground"], *PLAN["top"]} and len(top) <= TOP_FILES
    parts = {path.stem for path in (PACKAGE / "kernels").iterdir() if path.name[0] != "_"}
    assert parts == set(PLAN["kernels"]["order"])


def test_imports_go_down_only():
    assert [broken for one in all_imports() if (broken := architecture.forbidden(one))] == []


def test_no_file_is_in_an_import_circle():
    assert architecture.circle(all_imports()) is None


@pytest.mark.parametrize(
    ("module", "text", "broken"),
    [
        ("define.names", "from optbench.kernels import status", "define may not import kernels"),
        ("lanes.new", "def f():\n    from optbench.study import cells", "lanes may not import"),
        ("report.new", "from optbench.catalog import finding", "report may not import catalog"),
        ("kernels.simd.new", "from optbench.kernels.authors.blocks import x", "kernels/simd may"),
        ("kernels.cuda.new", "from optbench.kernels.cpu import launch", "kernels/cuda may not"),
        ("errors", "import optbench.define.names", "errors may not import define.names"),
        ("study.new", "from optbench import gate, errors\nfrom optbench.lanes import cost", None),
        ("report.new", "from optbench.study.results import Results", None),
        ("kernels.cuda.new", "from optbench.kernels.driver import steps", None),
    ],
)
def test_a_wrong_arrow_is_seen_with_its_line(module, text, broken):
    seen = [architecture.forbidden(one) for one in architecture.imports(module, text)]
    wrong = [text for text in seen if text]
    if broken is None:
        assert not wrong
    else:
        (line,) = wrong
        number = text[: text.index("from optbench" if "from" in text else "import")].count("\n") + 1
        assert f"{module.replace('.', '/')}.py:{number}: " in line and broken in line


def test_a_circle_is_seen():
    arrows = [Import("", "a", "b"), Import("", "b", "c"), Import("", "c", "a")]
    assert set(architecture.circle(arrows)) == {"a", "b", "c"}
    assert architecture.circle(arrows[:2]) is None


def lines_beyond(paths, most=LINES):
    """Return ``file: N lines`` of the files with more lines than `most`."""
    counted = {path: path.read_text("utf-8").count("\n") for path in paths}
    return [f"{path.relative_to(ROOT)}: {n} lines" for path, n in counted.items() if n > most]


def test_no_file_is_longer_than_can_be_read_at_once():
    tests = sorted((ROOT / "tests").rglob("*.py"))
    assert lines_beyond([*modules().values(), *tests]) == []
    own = Path(__file__)
    count = own.read_text("utf-8").count("\n")
    assert own in tests and lines_beyond([own], count) == []
    assert lines_beyond([own], count - 1) == [f"tests/test_architecture.py: {count} lines"]


def test_no_function_is_longer_than_can_be_read_at_once():
    long = []
    for path in modules().values():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                length = node.end_lineno - node.body[0].lineno
                if ast.get_docstring(node):
                    length = node.end_lineno - node.body[0].end_lineno
                if length > FUNCTION_LINES:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}, {length}")
    assert long == []


def test_no_room_is_a_third_of_the_house():
    lines = collections.Counter()
    for module, path in modules().items():
        lines[module.partition(".")[0]] += path.read_text("utf-8").count("\n")
    room, largest = lines.most_common(1)[0]
    assert largest < lines.total() / 3, room


def test_the_page_shows_this_house():
    assert draw_architecture.page() == (ROOT / "docs" / "architecture.md").read_text("utf-8")
