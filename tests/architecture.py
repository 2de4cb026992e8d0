"""The rooms of the package, their arrows, and what in the sources breaks them."""

import ast
import functools
import graphlib
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "optbench"
PLAN = tomllib.loads((ROOT / "docs" / "architecture.toml").read_text("utf-8"))


class Import(NamedTuple):
    """An import of a module of the package: where it is, and of what."""

    place: str
    module: str
    target: str


@functools.cache
def modules():
    """Return {dotted name below the package: path} of all files."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def imports(module, text):
    """Yield the imports of modules of the package in a text, those inside of functions too."""
    path = modules().get(module, PACKAGE / f"{module.replace('.', '/')}.py")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name.partition(".")[0] == PACKAGE.name:
                target = _module_of(name.partition(".")[2])
                if target != module:
                    yield Import(f"{path.relative_to(ROOT)}:{node.lineno}", module, target)


def _module_of(name):
    """Return the module that a dotted name is, or that it is in."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name or "__init__"


@functools.cache
def all_imports():
    """Return every import of the package."""
    return [
        one
        for module, path in modules().items()
        for one in imports(module, path.read_text("utf-8"))
    ]


def forbidden(one):
    """Return what an import breaks, ``file:line: reason``, or None."""
    here, there = one.module.partition(".")[0], one.target.partition(".")[0]
    if here == "kernels" == there:
        return _forbidden_within_kernels(one)
    allowed = {**PLAN["top"], **PLAN["rooms"]}.get(here)
    if here == there or there in PLAN["ground"] or here == "__init__":
        return None
    if allowed is not None and (there in allowed or one.target in allowed):
        return None
    return f"{one.place}: {here} may not import {one.target}"


def _forbidden_within_kernels(one):
    order = PLAN["kernels"]["order"]
    here, there = (name.split(".")[1:2] for name in (one.module, one.target))
    if here == there or not there:
        return None
    below = order.index(there[0]) < order.index(here[0])
    apart = any({*here, *there} == set(pair) for pair in PLAN["kernels"]["apart"])
    if below and not apart:
        return None
    return f"{one.place}: kernels/{here[0]} may not import kernels/{there[0]}"


def circle(arrows):
    """Return the modules of an import circle, or None."""
    graph = {}
    for one in arrows:
        graph.setdefault(one.module, set()).add(one.target)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return None
