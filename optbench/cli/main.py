"""The command line. Heavy imports stay inside the commands, so that help is instant."""

import contextlib
import signal
import sys
import threading
import warnings
from pathlib import Path

import click

from optbench.cli.check import check_command
from optbench.cli.folders import FOLDER, plugins_option
from optbench.cli.new import new_group
from optbench.errors import ResultsError, UserError

PROCESSES = 2
"""Processes that draw figures."""
FAILED_PAIRS, USAGE, RESULTS, INTERRUPTED = 1, 2, 3, 130
"""Exit codes beside 0: a pair failed; a mistake in what was asked for; results that cannot be read
or written; Ctrl-C or SIGTERM."""


class _Whole(click.ParamType):
    """A whole number of at least 1, written as one pleases: 100, 1e2."""

    name = "integer"

    def convert(self, value, parameter, context):
        """Return the int."""
        from optbench.gate import whole

        try:
            number = int(value)
        except ValueError:
            try:
                number = float(value)
            except ValueError:
                number = value
        return whole(parameter.opts[-1], number, low=1)


WHOLE = _Whole()


class _Group(click.Group):
    """Turns errors into one message and an exit code; a SIGTERM is what Ctrl-C is."""

    def invoke(self, context):
        for stream in (sys.stdout, sys.stderr):  # names of people, on terminals of other codes
            with contextlib.suppress(AttributeError, ValueError):
                stream.reconfigure(errors="replace")
        try:
            with warnings.catch_warnings(), _terminated_like_interrupted():
                warnings.showwarning = _show_warning
                return super().invoke(context)
        except ResultsError as error:
            click.echo(f"optbench: {error}", err=True)
            sys.exit(RESULTS)
        except UserError as error:
            click.echo(f"optbench: {error}", err=True)
            sys.exit(USAGE)
        except KeyboardInterrupt:
            click.echo("optbench: interrupted; what has finished is kept", err=True)
            sys.exit(INTERRUPTED)


@contextlib.contextmanager
def _terminated_like_interrupted():
    """Have SIGTERM, which batch systems and containers send, raise KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _show_warning(message, category, *place):
    """Print a warning as one line, without the line of our code that gave it."""
    click.echo(f"optbench: {message}", err=True)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="optbench")
def main():
    """Compare first-order optimizers honestly and exhaustively."""


@main.command("run")
@click.argument("study", default="default")
@click.option("--out", type=FOLDER, help="Folder of the run [results/<study>-<date>-<time>].")
@click.option(
    "-o",
    "--optimizer",
    multiple=True,
    metavar="GLOB",
    help="Only these of the optimizers; +NAME adds one.",
)
@click.option(
    "-p",
    "--problem",
    multiple=True,
    metavar="GLOB",
    help="Only these of the problems; +NAME adds one.",
)
@click.option("--lr", metavar="LO:HI:N", help="Grid of learning rates, log-spaced, or one rate.")
@click.option("--seeds", type=WHOLE, help="Seeds of every instance.")
@click.option("--steps", type=WHOLE, help="Budget of a lane in gradient evaluations.")
@click.option("--dtype", help="float64 or float32.")
@click.option("--threads", type=WHOLE, help="Threads [number of processors].")
@click.option("--device", default="cpu", help="cpu, cuda, or auto: cuda where it can be used.")
@click.option("--fallback", type=click.Choice(["cpu"]), help="Where to run what CUDA cannot.")
@plugins_option
@click.option("--quick", is_flag=True, help="A fifth of the steps, two rates a decade, two seeds.")
@click.option("--dry-run", "dry", is_flag=True, help="Say what would run, and stop.")
def run_command(
    study, out, optimizer, problem, lr, seeds, steps, dtype, threads, device, fallback, plugins,
    quick, dry,
):  # fmt: skip
    """Run STUDY, a built-in name or a TOML file, and write its report.

    -o and -p keep what matches of the study, with the study's own settings; globs know * and ?
    only. +NAME adds an optimizer or a problem of the catalog: -o '+adam[beta1=0.8,clip_norm=1]'.
    Both together run what is added by itself: -p +booth -p booth.

    Exits with 0 if all went well, 1 if a pair failed, 2 if something was asked for wrongly, 3 if
    results cannot be read or written, 130 if it was interrupted.
    """
    from optbench import session
    from optbench.study import dry_run, invocation, narrowing
    from optbench.study import schema as studies

    chosen = narrowing.narrowed(
        studies.load(study), optimizer, problem, lr, seeds, steps, dtype, quick, plugins
    )
    if dry:
        for line in dry_run.lines(chosen, plugins, device, fallback == "cpu", threads):
            click.echo(line)
        return
    from optbench.cli.bar import Bar
    from optbench.report.statistics.load import load_with_manifest

    with Bar() as bar:
        folder = invocation.compute(
            chosen, out, threads=threads, folders=plugins, progress=bar,
            command=invocation.command_line(), device=device, fallback=fallback == "cpu",
        )  # fmt: skip
    for pair, reason in bar.failures:
        click.echo(f"optbench: failed: {pair}: {reason}", err=True)
    try:
        loaded = load_with_manifest(folder)
    except ResultsError:
        if not bar.failures:
            raise
        click.echo("optbench: no pair ran, so there is no report", err=True)
        sys.exit(FAILED_PAIRS)
    for line in session.summary(loaded[0]):
        click.echo(line)
    page = session.write_report(folder, plugins, PROCESSES, loaded)
    click.echo(f"report: {page}")
    if bar.failures:
        count = len(bar.failures)
        click.echo(
            f"optbench: {count} pair{'s' * (count > 1)} failed; see the page, or "
            f"optbench list runs -v --root {folder.parent}",
            err=True,
        )
        sys.exit(FAILED_PAIRS)


@main.command("report")
@click.argument("run")
@click.option("--out", type=FOLDER, help="Where to write it [the folder of the run].")
@plugins_option
def report_command(run, out, plugins):
    """Write the report of RUN (a folder, or a name below results) anew."""
    from optbench import session
    from optbench.report.statistics.load import find

    click.echo(f"report: {session.write_report(find(run), plugins, PROCESSES, out=out)}")


@main.command("env")
@click.option("--clear-cache", is_flag=True, help="Empty the cache of compiled code, and stop.")
def env_command(clear_cache):
    """Show versions, the processor, SIMD, and the cache of compiled code."""
    from optbench.cli import environment

    if clear_cache:
        click.echo(environment.clear_cache())
        return
    for name, text in environment.describe():
        click.echo(f"{name:14s} {text}")


@main.group("list")
def list_group():
    """List what there is."""


@list_group.command("optimizers")
@plugins_option
def list_optimizers(plugins):
    """List update rules, with their hyperparameters and sources."""
    from optbench.lanes.solvers import METHODS, Baseline
    from optbench.rules import registry
    from optbench.rules.schedules import SCHEDULES
    from optbench.rules.wrappers_before import WRAPPERS

    for rule in registry.optimizers(plugins).values():
        click.echo(_part_line(rule))
    click.echo("\nwrappers (switched on by giving one of their hyperparameters):")
    for part in WRAPPERS:
        click.echo(_part_line(part))
    click.echo("\nschedules (schedule=NAME; warmup=SHARE before any of them):")
    for found in SCHEDULES.values():
        click.echo(_part_line(found))
    click.echo("\nbaselines (noise-free surfaces, in studies that name them):")
    for name in METHODS:
        click.echo(f"{name:18s} [{Baseline(name).source}]")
    _left_out(registry.named(plugins).refused)


def _left_out(refused):
    for one in refused:
        click.echo(f"\nleft out: {one.message}\n{one.trace}".rstrip())


def _part_line(part):
    settings = ", ".join(f"{name}={allowed.default:g}" for name, allowed in part.hyper.items())
    return f"{part.name:18s} {settings}  [{part.source}]"


@list_group.command("problems")
@plugins_option
def list_problems(plugins):
    """List problems, with dimensions, tags and sources."""
    from optbench.catalog import finding
    from optbench.define.definitions import NetDefinition

    for name, found in finding.problems(tuple(plugins)).items():
        if isinstance(found, NetDefinition):
            size = "-".join(map(str, found.sizes))
        else:
            size = "d=" + ",".join(map(str, found.dims)) + (" or any" if found.scalable else "")
        click.echo(f"{name:24s} {size:18s} {', '.join(found.tags)}  [{found.source}]")
    _left_out(finding.named(plugins).refused)


@list_group.command("activations")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32")
def list_activations(dtype):
    """List activations: range, output, slopes, and ns per element on this machine.

    Output and gradient gain are for a standard normal argument.
    """
    from optbench.nets import activation_table
    from optbench.study import machine

    for line in activation_table.lines(activation_table.activation_table(dtype)):
        click.echo(line)
    click.echo(f"ns per element: {dtype}, forward, one thread, {machine.cpu_name()}")


@list_group.command("studies")
def list_studies():
    """List built-in studies."""
    from optbench.study import schema as study

    for name in study.studies():
        click.echo(f"{name:10s} {study.load(name).description}")


@list_group.command("runs")
@click.option("--root", type=FOLDER, default=Path("results"), help="Where runs are kept.")
@click.option("-v", "--verbose", is_flag=True, help="With what failed, and its traceback.")
def list_runs(root, verbose):
    """List the runs below the results folder."""
    from optbench.report import runs
    from optbench.study.results import FAILED

    readable, damaged = runs.runs(root)
    for run in readable:
        click.echo(f"{run['name']:32s} {run['study']:10s} {run['created']}  {run['state']}")
        for pair in run["pairs"] if verbose else ():
            if pair["state"] == FAILED:
                click.echo(f"  failed: {pair['optimizer']} on {pair['label']}: {pair['reason']}")
                click.echo("    " + (pair["trace"] or "").rstrip().replace("\n", "\n    "))
    for message in damaged:
        click.echo(f"optbench: {message}", err=True)


main.add_command(check_command)
main.add_command(new_group)
