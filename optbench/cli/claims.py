"""``optbench run claims``, its report, and ``optbench list claims``: what lectures say, tested."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optbench.cli import completing
from optbench.cli.browser import opening
from optbench.cli.documents import FailedError, examples, json_option, put, say
from optbench.cli.folders import OWN_CLAIMS, own_folder
from optbench.cli.lists.table import Column, Table, put_tables
from optbench.cli.unused_options import refuse_all_but
from optbench.errors import counted

if TYPE_CHECKING:
    from optbench.claims.declaring import Claim
    from optbench.claims.measuring import Facts
    from optbench.claims.running import Ended


def _folders(plugins: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys((*plugins, *own_folder(OWN_CLAIMS))))


def run_claims(
    *, out: Path | None, match: tuple[str, ...], seed: int | None, threads: int | None,
    plugins: tuple[Path, ...], open_page: bool, silent: bool, as_json: bool,
) -> None:  # fmt: skip
    """Run the claims that match, print their verdicts, and write the page of the folder."""
    from optbench.claims import finding, keeping, page, running, words
    from optbench.kernels.memory.capacity import processors
    from optbench.study.folder_kinds import refuse_study
    from optbench.study.invocation import new_folder

    if out is not None:
        refuse_study(out)
    folders = _folders(plugins)
    some = finding.selected(finding.claims(folders).values(), match)
    folder = new_folder("claims") if out is None else out
    where = running.Run(folder, seed or 1, folders)
    ended = _followed(
        running.run(some, where, threads or processors()), len(some), as_json or silent
    )
    failures = {one.claim.name: one.failure for one in ended if one.facts is None}
    results = keeping.read_all(folder) if len(failures) < len(some) else []
    named = {one.name for one in some}
    asked = [facts for facts in results if facts["name"] in named]
    lines = [*words.summary(asked)] if asked and not silent else []
    content = {"run": str(folder), "claims": [words.row(facts) for facts in asked]}
    if results:
        written = page.write(folder, results)
        content["page"] = str(written)
        opened = opening(written, open_page)
        lines += [str(written)] if silent else [f"page: {written}", *opened]
    put(content | {"failed": failures}, lines, as_json)
    if failures:
        raise FailedError(f"{counted(len(failures), 'claim')} failed: {', '.join(failures)}")


def report_claims(folder: Path, out: Path | None, open_page: bool, as_json: bool) -> None:
    """Write the page and the table of a run of claims anew."""
    from optbench.claims import keeping, page

    refuse_all_but(
        ("run", "out", "open_page", "as_json"), "the report of a run of claims",
        "its page is of all results of the folder; it takes --out, --open and --json",
    )  # fmt: skip
    written = page.write(out or folder, keeping.read_all(folder))
    tables = [str(written.parent / keeping.TABLE)]
    content = {"run": str(folder), "report": str(written), "tables": tables}
    put(content, [f"report: {written}", *opening(written, open_page)], as_json)


def _followed(ended: "Iterator[Ended]", count: int, quiet: bool) -> "list[Ended]":
    """Print each claim as it ends, and return all."""
    every = []
    for number, one in enumerate(ended, 1):
        every.append(one)
        if quiet:
            continue
        if one.facts is None:
            say(f"optbench: failed: {one.failure}", err=True)
        else:
            say(f"{number:{len(str(count))}}/{count}  {_line(one.facts)}")
    return every


def _line(facts: "Facts") -> str:
    from optbench.claims import words

    stable = "" if facts["stable"] else ", not stable"
    return f"{facts['name']}: {words.verdict(facts)}{stable}"


@click.command(
    "claims",
    epilog=examples("optbench list claims initialisation", "optbench list claims '*adam*' --json"),
)
@click.argument("globs", nargs=-1, metavar="[GLOB]...", shell_complete=completing.of("claims"))
@click.option("-k", "match", multiple=True, metavar="GLOB", help="The same, as `run` takes it.")
@json_option
def list_claims(globs: tuple[str, ...], match: tuple[str, ...], as_json: bool) -> None:
    """List the claims that `optbench run claims` puts to the test, all or those that match.

    A word chooses the claims, and the families of claims, that it is a part of.
    """
    from optbench.claims import finding

    every = finding.claims(_folders(()))
    some = finding.selected(every.values(), (*globs, *match))
    columns = (Column("name"), Column("question", 60))
    tables = [
        Table(columns, [(one.name, one.question) for one in some if one.family == family], family)
        for family in dict.fromkeys(one.family for one in some)
    ]
    end = counted(len(some), "claim", len(every))
    put_tables([_facts(one) for one in some], tables, as_json, ends=[end])


def _facts(one: "Claim") -> dict[str, str]:
    words = ("name", "family", "kind", "question", "says", "source", "place")
    return {word: getattr(one, word) for word in words}
