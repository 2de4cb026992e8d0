"""``optbench run``: a study, narrowed by options, run and reported."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optbench.cli import completing
from optbench.cli.against import against_option, loaded_beside, stored_for, verdict
from optbench.cli.browser import open_option, opening
from optbench.cli.documents import FailedError, examples, json_option, put, say
from optbench.cli.folders import FOLDER, limit_options, limited, limits_of, plugins_option
from optbench.cli.run_options import glob_option, shard_number, whole_option
from optbench.cli.study_argument import study_of
from optbench.cli.unused_options import refuse, refuse_all_but
from optbench.errors import DamagedError, ResultsError, counted

if TYPE_CHECKING:
    from optbench.report.baseline.stored import Stored
    from optbench.report.statistics.load import RunFrames
    from optbench.study.dividing import ShardNumber
    from optbench.study.progress import Progress
    from optbench.study.schema import Study


@dataclass(frozen=True)
class _Options:
    """What the command line says, an attribute for each argument and option of `run`."""

    study: str
    out: Path | None
    optimizers: tuple[str, ...]
    problems: tuple[str, ...]
    lr: str | None
    seeds: int | None
    steps: int | None
    dtype: str | None
    threads: int | None
    device: str
    fallback: str | None
    plugins: tuple[Path, ...]
    quick: bool
    dry_run: bool
    against: str | None
    shard: "ShardNumber | None"
    match: tuple[str, ...]
    seed: int | None
    timeout: str | None
    memory: str | None
    retry_failed: bool
    scheduler: str | None
    workers: int | None
    open_page: bool
    silent: bool
    as_json: bool


@click.command(
    "run",
    short_help="Run a study, or claims, and write the report.",
    epilog=examples(
        "optbench run quick --open",
        "optbench run -o adam -o 'momentum*' -p 'rosen*' --lr 1e-4:1:17",
        "optbench run quick -o '+adam[beta1=0.8]' -p '+rosenbrock[noise=0.1]' --dry-run",
    ),
)
@click.argument("study", default="default", shell_complete=completing.studies)
@click.option("--out", type=FOLDER, help="Folder of the run [results/<study>-<date>-<time>].")
@glob_option("o", "optimizer")
@glob_option("p", "problem")
@click.option("--lr", metavar="LO:HI:N", help="Grid of learning rates, log-spaced, or one rate.")
@whole_option("--seeds", "Seeds of every instance.")
@whole_option("--steps", "Budget of a lane in gradient evaluations.")
@click.option(
    "--dtype", type=click.Choice(["float64", "float32"]), help="Of all lanes [of nets float32]."
)
@whole_option("--threads", "Threads [number of processors].")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Run on the workers of a Dask scheduler, tcp://HOST:PORT.",
)
@whole_option("--workers", "Run on a Dask cluster of so many processes on this machine.")
@click.option(
    "--device", type=click.Choice(["cpu", "cuda", "auto"]), default="cpu",
    help="auto: cuda where it can be used.",
)  # fmt: skip
@click.option("--fallback", type=click.Choice(["cpu"]), help="Where to run what CUDA cannot.")
@plugins_option
@against_option
@click.option(
    "--quick",
    is_flag=True,
    help="A fifth of the steps, two rates a decade, few instances; other options hold as they are.",
)
@limit_options
@click.option(
    "--retry-failed", is_flag=True, help="Run pairs again that failed, if they are as they were."
)
@click.option("--dry-run", is_flag=True, help="Say what would run, and stop.")
@click.option(
    "--shard", callback=shard_number, metavar="NUMBER/COUNT",
    help="Run one of so many equal parts, such as 3/16; `optbench merge` joins them.",
)  # fmt: skip
@click.option(
    "-k", "match", multiple=True, metavar="GLOB", help="Of `run claims`: only these.",
    shell_complete=completing.of("claims"),
)  # fmt: skip
@whole_option("--seed", "Of `run claims`: other lanes than those of seed 1.")
@open_option
@click.option("-q", "--quiet", "silent", is_flag=True, help="Print the path of the page alone.")
@json_option
def run_command(**options: Any) -> None:
    """Run STUDY, a built-in name or a TOML file, and write its report.

    -o and -p keep what matches of the study, with the study's own settings; globs know * and ?
    only. +NAME adds an optimizer or a problem of the catalog, beside the study's own or beside what
    is kept of them: -o adam -o '+lion[beta1=0.8]'. -p +booth -p booth runs booth by itself.
    What you have defined needs no plus, -o my_rule -p my_bowl, but in optbench's own ./problems.
    Nor do optimizers of other libraries, which are run as they are: -o torch:Adam, -o optax:lion,
    -o torch:my_module.Mine.

    With --against any name that the study lacks is added without a plus, to be judged by what is
    stored of all others.

    STUDY claims is none: it puts what lectures say to the test, a verdict a claim.

    Exits with 0 if all went well, 1 if a pair or a claim failed, 2 if something was asked for
    wrongly, 3 if results cannot be read or written, 130 if it was interrupted.
    """
    run = _Options(**options)
    if run.study == "claims":
        _claims(options)
        return
    with limited(run.timeout, run.memory):
        _run_study(run)


def _run_study(run: _Options) -> None:
    """Run a study, or say what it would run."""
    _refuse_unused(run)
    study = _narrowed_study(run)
    stored = None if run.against is None else stored_for(study, run.against, run.plugins)
    if run.dry_run:
        _dry_run(study, run)
        return
    folder, progress = _compute(study, run)
    try:
        _report(folder, progress, run, stored)
    except DamagedError as error:
        _print_damage(error, run)
        folder, progress = _compute(study, replace(run, out=folder), mend=True)
        _report(folder, progress, run, stored)
    if progress.failures:
        raise FailedError(
            f"{counted(len(progress.failures), 'pair')} failed; see the page, or "
            f"optbench list runs -v --root {folder.parent}"
        )


def _refuse_unused(run: _Options) -> None:
    """Refuse options that would do nothing for this study."""
    refuse(("match", "seed"), "is for `run claims`; a study takes -o, -p and --seeds")
    if run.device == "cpu":
        refuse(("fallback",), "is for --device cuda or auto; all pairs run on the CPU")
    if run.out is None:
        refuse(("retry_failed",), "is for a run that has failed pairs; name its folder by --out")


def _claims(options: dict[str, Any]) -> None:
    """Run claims, which take few of the options of studies."""
    from optbench.cli.claims import run_claims

    allowed = {
        "study", "out", "match", "seed", "threads", "plugins", "open_page", "silent", "as_json",
    }  # fmt: skip
    refuse_all_but(
        allowed, "run claims",
        "what a claim is tested on stands in its file; it takes -k, --seed, --out, --threads, "
        "--plugins, --open, -q and --json",
    )  # fmt: skip
    run_claims(**{name: options[name] for name in allowed - {"study"}})


def _narrowed_study(run: _Options) -> "Study":
    from optbench.study.narrowing import Filters, narrowed

    filters = Filters(
        optimizers=run.optimizers, problems=run.problems, lr=run.lr, seeds=run.seeds,
        steps=run.steps, dtype=run.dtype, quick=run.quick, adding=run.against is not None,
    )  # fmt: skip
    return narrowed(study_of(run.study, run.plugins), filters, run.plugins)


def _dry_run(study: "Study", run: _Options) -> None:
    from optbench.study import dry_run

    facts = dry_run.facts(
        study, run.plugins, run.device, run.fallback == "cpu", run.threads, run.shard
    )
    put(facts, dry_run.lines(facts), run.as_json)


def _print_damage(error: DamagedError, run: _Options) -> None:
    """Say what is damaged, before it is computed anew."""
    if not run.as_json:
        say(f"optbench: {error}", err=True)


def _compute(study: "Study", run: _Options, mend: bool = False) -> "tuple[Path, Progress]":
    """Run the study and show its progress; return the run's folder and the progress."""
    from optbench.cli.bar import progress_shown
    from optbench.study import invocation

    with progress_shown(quiet=run.as_json or run.silent) as progress:
        folder = invocation.compute(
            study, run.out, threads=run.threads, folders=run.plugins, progress=progress,
            command=invocation.command_line(), device=run.device, fallback=run.fallback == "cpu",
            limits=limits_of(run.timeout, run.memory), retry_failed=run.retry_failed,
            scheduler=run.scheduler, workers=run.workers,
            shard=run.shard, mend=mend,
        )  # fmt: skip
    for pair, reason in progress.failures:
        if not run.as_json:
            say(f"optbench: failed: {pair}: {reason}", err=True)
    return folder, progress


def _report(
    folder: Path, progress: "Progress", run: _Options, stored: "Stored | None"
) -> None:  # fmt: skip
    """Print the best optimizers, or the verdict, and write the report; exit if no pair ran."""
    from optbench import session
    from optbench.report import second_process
    from optbench.report.summary import summary

    try:
        if stored is None:
            loaded: tuple[RunFrames, dict[str, Any]] = second_process.load(folder)
            lines, said = list(summary(loaded[0])), None
        else:
            loaded = loaded_beside(folder, stored)
            lines = said = list(verdict(folder, loaded[0], stored, loaded[1]["study"]))
    except ResultsError:
        if not progress.failures:
            raise
        raise FailedError("no pair ran, so there is no report") from None
    page = session.write_report(folder, run.plugins, loaded)
    content = {
        "run": str(folder), "report": str(page),
        "failed": [{"pair": str(pair), "reason": reason} for pair, reason in progress.failures],
    }  # fmt: skip
    opened = opening(page, run.open_page)
    shown = [str(page)] if run.silent else [*lines, f"report: {page}", *opened]
    put(content | {"verdict": said}, shown, run.as_json)
