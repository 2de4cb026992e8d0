"""``optbench check``: what holds for a problem, an optimizer or a study, in a few seconds."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optbench.cli import completing
from optbench.cli.documents import FailedError, examples, json_option, put, say
from optbench.cli.folders import limit_options, limited, plugins_option
from optbench.cli.unused_options import refuse, refuse_all_but
from optbench.errors import UserError
from optbench.waiting import working

if TYPE_CHECKING:
    from optbench.cli.checks.findings import Report

MARKS = {"ok": "ok", "failed": "FAILED", "skipped": "-"}


@click.command(
    "check",
    short_help="Say whether a problem, an optimizer or a study is what it says.",
    epilog=examples(
        "optbench check adam rosenbrock",
        "optbench check my_rule --plugins my_folder",
        "optbench check my_study.toml",
    ),
)
@click.argument("names", nargs=-1, metavar="NAME...", shell_complete=completing.checkable)
@click.option("--all", "everything", is_flag=True, help="Everything that there is.")
@plugins_option
@limit_options
@click.option("--conformance", is_flag=True, help="How far rules are from other implementations.")
@click.option(
    "--against", metavar="OTHER", help="Whether the optimizer NAME takes the steps of another one."
)
@click.option("--lr", metavar="RATE", help="Of --against: the rate of both [that of NAME].")
@click.option("--steps", metavar="INTEGER", help="Of --against: how many [1000].")
@json_option
def check_command(
    names: tuple[str, ...],
    everything: bool,
    plugins: tuple[Path, ...],
    timeout: str | None,
    memory: str | None,
    conformance: bool,
    against: str | None,
    lr: str | None,
    steps: str | None,
    as_json: bool,
) -> None:
    """Compile what is called NAME and report whether it is what it says.

    Of a problem: value and gradient at the start, the gradient against differences, the declared
    minimum, points below f_min, repeatability, float32, SIMD or what keeps it from that, and the
    cost of an evaluation. Of an optimizer: the laws that every update rule keeps, with the
    settings in its brackets. Of a study, a TOML file or a built-in one: its fields, its names, what
    it skips, and what it takes. Exits with 1 if a check failed. What is yours is checked in a
    process of its own, which may take --timeout and --memory.

    With --conformance: every rule's largest difference to an implementation that others wrote,
    with its version, the configuration and the number of steps.

    With --against OTHER: NAME and OTHER are two optimizers, of ours, yours or guests such as
    torch:my_module.Mine. Both get the same gradients, then each its own on a surface; a table says
    by step how far they are apart, where they part, and which variant of OTHER does what NAME does.
    Exits with 1 if they are apart by more than rounding.
    """
    if against is not None:
        refuse_all_but(
            ("names", "against", "plugins", "lr", "steps", "as_json"), "check --against",
            "it compares two optimizers, and takes --plugins, --lr, --steps and --json",
        )  # fmt: skip
        _against(names, against, plugins, lr, steps, as_json)
        return
    refuse(("lr", "steps"), "is for --against OTHER")
    if conformance:
        refuse_all_but(
            ("names", "conformance", "as_json"), "check --conformance",
            "what is compared with others is stored; it takes NAMES [all] and --json",
        )  # fmt: skip
        _conformance(names, as_json)
        return
    from optbench.cli.checks.names import check, checkable_names

    if bool(names) == everything:
        raise UserError("check: give names, or --all, and not both; see `optbench list problems`")
    reports = []
    with limited(timeout, memory):
        for name in checkable_names(plugins) if everything else names:
            with working(f"checking {name}"):
                reports.append(check(name, plugins))
            if not as_json:
                _show(reports[-1], brief=everything)
    failed = [report.name for report in reports if report.failed]
    if as_json:
        put([report.as_dict() for report in reports], (), as_json)
    elif everything:
        say(f"{len(reports) - len(failed)} of {len(reports)} fine")
    if failed:
        raise FailedError(f"checks failed: {', '.join(failed)}")


def _show(report: "Report", brief: bool) -> None:
    """Print a report; a brief one has a line, and the failures."""
    mark = "FAILED" if report.failed else "ok"
    say(f"{report.kind} {report.name}: {mark} ({report.seconds:.1f} s)  {report.place}")
    for finding in report.findings:
        if finding.failed or not brief:
            say(f"  {MARKS[finding.status]:7s} {finding.check:13s} {finding.text}")


def _against(
    names: Sequence[str], other: str, plugins: tuple[Path, ...], lr: str | None,
    steps: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Compare one optimizer with another, step by step."""
    from optbench.cli.checks import against

    if len(names) != 1:
        raise UserError("check: --against compares one NAME: optbench check NAME --against OTHER")
    with working(f"comparing {names[0]} with {other}"):
        content = against.facts(names[0], other, plugins, lr, steps)
    put(content, against.lines(content), as_json)
    if not content["same"]:
        raise FailedError(f"{content['optimizer']} does not take the steps of {content['against']}")


def _conformance(rules: Sequence[str], as_json: bool) -> None:
    """Print the stored matrix of conformance."""
    from optbench.report import conformance
    from optbench.rules.registry import rule

    for name in rules:
        rule(name)
    rows = conformance.stored(rules)
    for row in rows:
        if not as_json:
            label = f"{row['rule']}[{row['configuration']}]".replace("[]", "")
            mark = "FAILED" if conformance.failed(row) else "ok"
            say(
                f"{mark:7s} {row['max_error']:.1e} <= {row['tolerance']:.0e}  {label}  "
                f"{row['reference']} {row['version']}, {row['steps']} steps, {row['compared']}"
            )
    if as_json:
        put(rows, (), as_json)
    elif not rows:
        raise UserError(f"check: nothing is compared with {', '.join(rules)}")
    failed = sum(map(conformance.failed, rows))
    if failed:
        raise FailedError(f"{failed} of {len(rows)} beyond their tolerance")
