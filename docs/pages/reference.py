"""References: the public Python API, and the command line."""

from collections.abc import Iterator, Sequence
from types import ModuleType

import click

import optbench
from docs.pages import markdown
from optbench import define, nets
from optbench.cli.main import main

FOLDER = "reference"

MODULES: dict[str, tuple[ModuleType, str]] = {
    "optbench": (optbench, "What there is after `import optbench`."),
    "optbench.define": (define, "What authors of rules, problems, wrappers and nets write with."),
    "optbench.nets": (nets, "Nets to be called and trained by code of your own."),
}


def pages() -> dict[str, str]:
    """Return the pages of the references by path below docs."""
    return {
        f"{FOLDER}/index.md": _index(),
        **{f"{FOLDER}/{name}.md": _module(name) for name in MODULES},
        f"{FOLDER}/commands.md": _commands(),
    }


def _index() -> str:
    lines = [f"- [`{name}`]({name}.md): {words}" for name, (_, words) in MODULES.items()]
    return markdown.page(
        markdown.heading("Reference"),
        "\n".join([*lines, "- [The command line](commands.md): every command and option."]),
        markdown.contents([*MODULES, "commands"]),
    )


def public(name: str) -> dict[str, object]:
    """Return what a module offers, by name; modules have pages of their own."""
    module, _ = MODULES[name]
    offered = {one: getattr(module, one) for one in sorted(module.__all__)}
    return {one: thing for one, thing in offered.items() if not isinstance(thing, ModuleType)}


def _module(name: str) -> str:
    _, words = MODULES[name]
    entries = (_entry(f"{name}.{one}", thing) for one, thing in public(name).items())
    return markdown.page(
        markdown.heading(f"`{name}`"), words, markdown.code("\n".join(entries), "{eval-rst}")
    )


def _entry(path: str, thing: object) -> str:
    """Return the directive for a name."""
    if isinstance(thing, type) and issubclass(thing, Exception):
        return f".. autoexception:: {path}\n"
    if isinstance(thing, type):
        return f".. autoclass:: {path}\n   :members:\n"
    return f".. autofunction:: {path}\n"


def _commands() -> str:
    return markdown.page(
        markdown.heading("The command line"),
        "Every command answers `--help` with what stands here.",
        *(part for path, command in commands() for part in _command(path, command)),
    )


def commands() -> Iterator[tuple[Sequence[str], click.Command]]:
    """Yield every command with the words that call it."""
    waiting: list[tuple[tuple[str, ...], click.Command]] = [(("optbench",), main)]
    while waiting:
        path, command = waiting.pop(0)
        yield path, command
        if isinstance(command, click.Group):
            below = [((*path, name), one) for name, one in command.commands.items()]
            waiting = [*below, *waiting]


def _command(path: Sequence[str], command: click.Command) -> list[str]:
    context = click.Context(command, info_name=" ".join(path), terminal_width=88)
    return [
        markdown.heading(f"`{' '.join(path)}`", 2),
        markdown.code(command.get_help(context), "text"),
    ]
