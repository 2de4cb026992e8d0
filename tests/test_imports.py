"""Every name that a file imports exists where it is looked for, told from the sources alone.

Benchmarks and tests of devices do not run in `make test`; what they import may be renamed all the
same. Nothing is imported here: the files are parsed.
"""

import ast
import contextlib
import functools
import re
import sys
import textwrap
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("optbench", "tests")
FILES = sorted(
    path.relative_to(ROOT)
    for folder in (*PACKAGES, "problems")
    for path in (ROOT / folder).rglob("*.py")
)


CUDA = ("cuda", "numba_cuda")
"""Packages that numba-cuda brings."""


@functools.cache
def tree(path):
    return ast.parse((ROOT / path).read_text("utf-8"), str(path))


@functools.cache
def module_file(name):
    """Return the file of a module of ours, the folder of a package without one, or None."""
    path = Path(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py", path):
        if (ROOT / file).exists():
            return file
    return None


@functools.cache
def names(path):
    """Return what a module defines: names bound outside of functions, what `__getattr__` gives."""
    if (ROOT / path).is_dir():
        return frozenset()
    bound = {"__name__", "__doc__", "__file__", "__dict__"} | set(_bound(tree(path).body))
    return frozenset(bound.union(*map(_texts, tree(path).body)))


def _texts(node):
    """Return the names that a package lists to import them when they are asked for."""
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("_HOMES", "__all__"):
        return {text.value for text in getattr(node.value, "keys", getattr(node.value, "elts", ()))}
    return set()


def _bound(body):
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        else:
            for part in ast.walk(node):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    yield part.id
                elif isinstance(part, ast.Global):
                    yield from part.names
        for field in ("body", "orelse", "finalbody", "handlers"):
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                yield from _bound(getattr(node, field, None) or [])


def offers(module, name):
    """Say whether a module of ours has an attribute, or is a package with such a module."""
    file = module_file(module)
    return file is not None and (name in names(file) or module_file(f"{module}.{name}") is not None)


def is_ours(module):
    return module.partition(".")[0] in PACKAGES


def source_of(node, path):
    """Return the module that ``from ... import`` names."""
    if node.level == 0:
        return node.module
    package = path.parent.parts[: len(path.parent.parts) + 1 - node.level]
    return ".".join([*package, *filter(None, [node.module])])


def broken(path, parsed):
    """Yield ``file:line: what`` for every import, and attribute of a module, that is not there."""
    modules = {}
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            for alias in filter(lambda alias: is_ours(alias.name), node.names):
                if module_file(alias.name) is None:
                    yield f"{path}:{node.lineno}: import {alias.name}"
                if alias.asname:
                    modules[alias.asname] = alias.name
        elif isinstance(node, ast.ImportFrom):
            source = source_of(node, path)
            if node.level == 0 and not is_ours(source):
                continue
            for alias in node.names:
                if not offers(source, alias.name):
                    yield f"{path}:{node.lineno}: from {source} import {alias.name}"
                elif module_file(f"{source}.{alias.name}") and alias.name not in names(
                    module_file(source)
                ):
                    modules[alias.asname or alias.name] = f"{source}.{alias.name}"
    yield from _attributes(path, parsed, modules)


def _attributes(path, parsed, modules):
    """Yield attributes of imported modules that they lack; names used otherwise too are let be."""
    nodes = list(ast.walk(parsed))
    other = {node.id for node in nodes if isinstance(node, ast.Name) and _is_set(node)}
    other |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            if module and node.value.id not in other and not offers(module, node.attr):
                yield f"{path}:{node.lineno}: {module}.{node.attr}"


def _is_set(node):
    return not isinstance(node.ctx, ast.Load)


def scripts(path):
    """Yield (line, parsed code) of the texts in a file that are code: other processes run them."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.search(r"^\s*(from|import) (optbench|tests)", node.value, re.MULTILINE):
                with contextlib.suppress(SyntaxError):  # a template, or about an import
                    yield node.lineno, ast.parse(textwrap.dedent(node.value))


def texts(path):
    """Yield the pieces of the f-strings of a file, with a number for what is put in, as code."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.JoinedStr):
            pieces = [p.value if isinstance(p, ast.Constant) else "0" for p in node.values]
            with contextlib.suppress(SyntaxError):
                yield node.lineno, ast.parse(textwrap.dedent("".join(pieces)))


def of_make():
    """Yield (line, parsed code) of what the Makefile has Python run."""
    for number, line in enumerate((ROOT / "Makefile").read_text("utf-8").splitlines(), 1):
        for code in re.findall(r"\$\(PY\) -c '([^']+)'", line):
            yield number, ast.parse(code)


def test_what_make_imports_exists():
    path, snippets = Path("Makefile"), list(of_make())
    assert snippets
    assert [text for _, code in snippets for text in broken(path, code)] == []


MADE_UP = {
    Path("tests") / name
    for name in (
        "test_imports.py",
        "test_architecture.py",
        "faults/test_paths.py",
        "interactive/test_types.py",
    )
}
"""Files with code that is wrong on purpose."""


def test_what_other_processes_are_told_to_import_exists():
    seen, wrong = 0, []
    for path in FILES:
        if path not in MADE_UP:
            for line, code in (*scripts(path), *texts(path)):
                seen += 1
                wrong += [f"{path}:{line}: {text}" for text in broken(path, code)]
    assert seen > 40 and wrong == []


def test_all_that_is_imported_exists():
    assert len(FILES) > 300
    assert [line for path in FILES for line in broken(path, tree(path))] == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("from optbench.session import cpu_name", "from optbench.session import cpu_name"),
        ("from optbench import errors\nerrors.FirmError", "optbench.errors.FirmError"),
        ("import optbench.nowhere", "import optbench.nowhere"),
        ("def late():\n    from optbench.nowhere import run", "from optbench.nowhere import run"),
        ("from .nowhere import run", "from tests.nowhere import run"),
        ("from .counts import nothing", "from tests.counts import nothing"),
        ("from optbench import minimise", "from optbench import minimise"),
        ("from optbench import minimize, errors\nfrom .counts import add\nerrors.UserError", None),
        ("import optbench.errors as errors\ndef f(errors):\n    return errors.FirmError", None),
    ],
)
def test_what_is_not_there_is_seen(text, missing):
    lines = [line.split(": ", 1)[1] for line in broken(Path("tests/new.py"), ast.parse(text))]
    assert lines == ([missing] if missing else [])


def requirements(lines):
    """Return the names of distributions, as they compare."""
    return {re.match(r"[\w.-]+", line)[0].lower().replace("_", "-") for line in lines}


def third_party(parsed):
    """Yield (line, whether it may fail, package) of imports neither of ours nor of Python's.

    What may be missing is imported in functions, in a `try`, or for types alone.
    """
    guarded = {
        part
        for node in ast.walk(parsed)
        if isinstance(node, (ast.FunctionDef, ast.Try))
        or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        for part in ast.walk(node)
    }  # fmt: skip
    for node in ast.walk(parsed):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            modules = [node.module]
        for package in {module.partition(".")[0] for module in modules}:
            if package not in sys.stdlib_module_names and package not in PACKAGES:
                yield node.lineno, node in guarded, package


def test_what_is_imported_is_required():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    always = requirements(project["dependencies"])
    extras = requirements(sum(project["optional-dependencies"].values(), []))
    homes, seen = packages_distributions(), set()
    for path in FILES:
        for line, guarded, package in third_party(tree(path)) if path.parts[0] != "tests" else ():
            # What an extra brings may not be here: then it is called what it is imported as.
            home = requirements(homes.get(package, [package]))
            if "cuda" in path.parts and guarded and package in CUDA:
                continue
            seen |= home
            assert home & (always | extras if guarded else always), f"{path}:{line}: {package}"
    assert seen >= {"numba", "numpy", "filelock", "markupsafe", "pillow"}
