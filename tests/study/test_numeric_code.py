"""The hash in every cell's identity covers all code on the way from a definition to its numbers."""

import ast
import shutil
from pathlib import Path

from optbench.study import numeric_code

FOLDER = numeric_code.FOLDER
ROOTS = ("study/computing.py", "catalog/building.py", "rules/compose.py")
CHANGES_NO_NUMBER = {
    "study/cells.py": "what is run, itself part of the identity",
    "study/trials.py": "what is run, itself part of the identity",
    "study/fields.py": "refuses, or gives the value on",
    "study/store_schema.py": "names of columns",
    "catalog/finding.py": "finds definitions, whose content is hashed",
    "define/shipped.py": "finds folders, whose content is hashed",
    "errors.py": "words",
    "gate.py": "refuses, or gives the number on",
    "waiting.py": "words",
}


def imported(path):
    """Yield what a file imports when it runs: imports for types alone are not on the way."""
    tree = ast.parse(path.read_text())
    for_types = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
    }
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("optbench"):
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("optbench"))


def closure(names):
    todo, reached = [FOLDER / name for name in names], set()
    while todo:
        path = todo.pop()
        if path.name != "__init__.py" and path not in reached and path.is_file():
            reached.add(path)
            places = (FOLDER.parent / Path(*module.split(".")) for module in imported(path))
            todo += [place.with_suffix(".py") for place in places]
    return {str(path.relative_to(FOLDER)) for path in reached}


def test_all_code_on_the_way_to_a_number_counts():
    counted = {str(path.relative_to(FOLDER)) for path in numeric_code.files()}
    on_the_way = closure(ROOTS)
    assert len(on_the_way) > 50
    assert on_the_way - counted <= set(CHANGES_NO_NUMBER)


def test_every_file_that_is_listed_exists():
    for name in (*numeric_code.MODULES, *numeric_code.NOT_NUMERIC, *ROOTS, *CHANGES_NO_NUMBER):
        assert (FOLDER / name).is_file(), name


def test_what_only_tabulates_or_draws_does_not_count():
    counted = {str(path.relative_to(FOLDER)) for path in numeric_code.files()}
    assert not any(name.startswith(("report", "cli", "session")) for name in counted)
    assert "nets/activation_table.py" not in counted


def test_a_change_in_any_file_is_another_hash(tmp_path, monkeypatch):
    copy = tmp_path / "optbench"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(numeric_code, "FOLDER", copy)
    hashed = numeric_code.numeric_code.__wrapped__
    before = hashed()
    for path in numeric_code.files():
        text = path.read_bytes()
        path.write_bytes(text + b"# changed\n")
        assert hashed() != before, path
        path.write_bytes(text)
    assert hashed() == before
