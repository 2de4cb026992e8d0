"""The gallery of nets: a page a file of the catalog."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from docs.pages import markdown
from docs.pages.catalog import about, by_file, title
from docs.pages.markdown import cell, table
from optbench.catalog import finding
from optbench.catalog.net import NetInstance
from optbench.define.definitions import NetDefinition

FOLDER = "catalog/nets"

INTRODUCTION = """All {count} small nets by the file of `problems/` that they stand in: what they
are made of, the data they learn, and what counts as learned. What goes on inside them is shown by
reports: {{doc}}`/inside`. A file of data of your own: {{doc}}`/data`."""


def pages() -> dict[str, str]:
    """Return the gallery's pages by path below docs."""
    files = by_file(NetDefinition)
    return {
        f"{FOLDER}/index.md": _index(files),
        **{f"{FOLDER}/{path.stem}.md": _file(path, own) for path, own in files.items()},
    }


def _index(files: Mapping[Path, Sequence[NetDefinition]]) -> str:
    return markdown.page(
        markdown.heading("Nets"),
        INTRODUCTION.format(count=sum(map(len, files.values()))),
        markdown.contents([path.stem for path in files]),
        *chain.from_iterable(_entry(path, own) for path, own in files.items()),
    )


def _entry(path: Path, nets: Sequence[NetDefinition]) -> list[str]:
    rows = [
        (
            f"[`{net.name}`]({path.stem}.md#{net.name})",
            f"`{net.data}`",
            _architecture(net),
            f"{parameters(net):,}",
        )
        for net in nets
    ]
    return [
        markdown.heading(title(path), 2),
        markdown.first_line(about(path)),
        table(["net", "data", "architecture", "parameters"], rows),
    ]


def parameters(net: NetDefinition) -> int:
    """Return the number of parameters of a net."""
    problem = finding.problem(net)
    assert isinstance(problem, NetInstance)
    return sum(math.prod(shape) for _, _, shape in problem.net.net.tensors)


def _architecture(net: NetDefinition) -> str:
    """Return the layers of a net in a line."""
    if net.layers:
        shape = "×".join(map(str, net.input))
        return f"{shape} → " + " → ".join(f"`{_layer(layer)}`" for layer in net.layers)
    activations = net.activation if isinstance(net.activation, str) else ", ".join(net.activation)
    return "-".join(map(str, net.sizes)) + f", {activations}"


def _layer(layer: Any) -> str:
    """Return a layer as it would be written: without what is default."""
    settings = [
        f"{one.name}={value}" if one.default is not dataclasses.MISSING else value
        for one in dataclasses.fields(layer)
        if (value := _setting(getattr(layer, one.name))) != repr(one.default)
    ]
    return f"{type(layer).__name__}({', '.join(settings)})"


def _setting(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_layer, value)) + "]"
    return repr(value)


def _file(path: Path, nets: Sequence[NetDefinition]) -> str:
    sections = [[markdown.heading(net.name, 2), table(["", ""], _facts(net))] for net in nets]
    return markdown.page(
        markdown.heading(title(path)),
        markdown.prose(about(path)),
        f"Nets: {', '.join(f'[`{net.name}`](#{net.name})' for net in nets)}. "
        f"From `problems/{path.name}`.",
        *chain.from_iterable(sections),
    )


def _facts(net: NetDefinition) -> Iterator[tuple[str, str]]:
    """Yield what is declared of a net, a row of a table each."""
    yield "architecture", _architecture(net)
    yield "parameters", f"{parameters(net):,}"
    if net.ladder is not None:
        quantity = net.ladder.quantity
        yield "levels", cell(f"{quantity}: {', '.join(f'{v:g}' for v in net.ladder.values)}")
    yield "data", f"`{net.data}`" + (f", scaling {net.scaling}" if net.scaling else "")
    if net.classes:
        yield "classes", cell(", ".join(map(str, net.classes)))
    yield "batch", str(net.batch)
    yield "loss", net.loss.replace("_", " ") if isinstance(net.loss, str) else "its own"
    yield "initial weights", f"{net.init}" + (f", gain {net.gain:g}" if net.gain != 1.0 else "")
    for name, value in (*net.options, *net.training):
        yield f"`{name}`", cell(value)
    if net.pretrained is not None:
        before = net.pretrained
        yield (
            "pretrained",
            (
                f"`{before.net.name}`, {before.steps} steps of `{before.optimizer}` at rate "
                f"{before.lr:g}; its last layer is {before.head}"
            ),
        )
    yield "counts as learned", _targets(net)
    yield "tags", cell(", ".join(net.tags))
    yield "source", cell(net.source)


def _targets(net: NetDefinition) -> str:
    words = f"training loss {net.loss_target:g}"
    if net.error_target is not None:
        words += f", validation error {net.error_target:.1%}"
    return words
