"""``optbench run claims`` and ``optbench list claims``: what lectures say, put to the test."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optbench.cli.documents import FailedError, json_option, put, say
from optbench.cli.folders import OWN_CLAIMS, own_folder

if TYPE_CHECKING:
    from optbench.claims.declaring import Claim
    from optbench.claims.measuring import Facts
    from optbench.claims.running import Ended


def _folders(plugins: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys((*plugins, *own_folder(OWN_CLAIMS))))


def run_claims(
    *, out: Path | None, match: tuple[str, ...], seed: int | None, threads: int | None,
    plugins: tuple[Path, ...], as_json: bool,
) -> None:  # fmt: skip
    """Run the claims that match, print their verdicts, and write the page of the folder."""
    from optbench.claims import finding, keeping, page, running, words
    from optbench.kernels.memory.capacity import processors
    from optbench.study.invocation import new_folder

    folders = _folders(plugins)
    some = finding.selected(finding.claims(folders).values(), match)
    folder = new_folder("claims") if out is None else out
    where = running.Run(folder, seed or 1, folders)
    ended = _followed(running.run(some, where, threads or processors()), len(some), as_json)
    failures = {one.claim.name: one.failure for one in ended if one.facts is None}
    results = keeping.read_all(folder) if len(failures) < len(some) else []
    named = {one.name for one in some}
    asked = [facts for facts in results if facts["name"] in named]
    lines = [*words.summary(asked)] if asked else []
    content = {"run": str(folder), "claims": [words.row(facts) for facts in asked]}
    if results:
        content["page"] = str(page.write(folder, results))
        lines.append(f"page: {content['page']}")
    put(content | {"failed": failures}, lines, as_json)
    if failures:
        count = len(failures)
        raise FailedError(f"{count} claim{'s' * (count > 1)} failed: {', '.join(failures)}")


def _followed(ended: "Iterator[Ended]", count: int, as_json: bool) -> "list[Ended]":
    """Print each claim as it ends, and return all."""
    every = []
    for number, one in enumerate(ended, 1):
        every.append(one)
        if as_json:
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


@click.command("claims")
@click.option("-k", "match", multiple=True, metavar="GLOB", help="Only these.")
@json_option
def list_claims(match: tuple[str, ...], as_json: bool) -> None:
    """List the claims that `optbench run claims` puts to the test."""
    from optbench.claims import finding

    some = finding.selected(finding.claims(_folders(())).values(), match)
    put([_facts(one) for one in some], _listed(some), as_json)


def _facts(one: "Claim") -> dict[str, str]:
    words = ("name", "family", "kind", "question", "says", "source", "place")
    return {word: getattr(one, word) for word in words}


def _listed(some: "list[Claim]") -> Iterator[str]:
    """Yield a line a claim, below the name of its family."""
    family = ""
    for one in some:
        if one.family != family:
            family = one.family
            yield family
        yield f"  {one.name:36s} {one.question}"
