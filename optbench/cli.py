"""The command line. Heavy imports stay inside the commands, so that help is instant."""

import sys
import warnings
from pathlib import Path

import click

from optbench.commands.check import check_command
from optbench.commands.folders import FOLDER, plugins_option
from optbench.commands.new import new_group
from optbench.errors import UserError

PROCESSES = 2
"""Processes that draw figures."""


class _Group(click.Group):
    """Turns user errors into one message and exit code 2, Ctrl-C into 130."""

    def invoke(self, context):
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning
                return super().invoke(context)
        except UserError as error:
            click.echo(f"optbench: {error}", err=True)
            sys.exit(2)
        except KeyboardInterrupt:
            click.echo("optbench: interrupted; what has finished is kept", err=True)
            sys.exit(130)


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
@click.option("-o", "--optimizer", multiple=True, metavar="GLOB", help="Only these optimizers.")
@click.option("-p", "--problem", multiple=True, metavar="GLOB", help="Only these problems.")
@click.option("--lr", metavar="LO:HI:N", help="Grid of learning rates, log-spaced, or one rate.")
@click.option("--seeds", type=int, help="Seeds of every instance.")
@click.option("--steps", type=int, help="Budget of a lane in gradient evaluations.")
@click.option("--dtype", help="float64 or float32.")
@click.option("--threads", type=int, help="Threads [number of processors].")
@click.option("--device", default="cpu", help="cpu, cuda, or auto: cuda where it can be used.")
@click.option("--fallback", type=click.Choice(["cpu"]), help="Where to run what CUDA cannot.")
@plugins_option
@click.option("--quick", is_flag=True, help="A fifth of the rates and steps, two seeds.")
@click.option("--dry-run", is_flag=True, help="Say what would run, and stop.")
def run_command(
    study, out, optimizer, problem, lr, seeds, steps, dtype, threads, device, fallback, plugins,
    quick, dry_run,
):  # fmt: skip
    """Run STUDY, a built-in name or a TOML file, and write its report.

    An optimizer or problem that the study does not name is taken from the catalog. Globs know *
    and ? only; settings go in brackets: -o 'adam[beta1=0.8,clip_norm=1]'.
    """
    from optbench import choose, session
    from optbench import study as studies

    chosen = choose.narrowed(
        studies.load(study), optimizer, problem, lr, seeds, steps, dtype, quick, plugins
    )
    if threads is not None and threads < 1:
        raise UserError(f"--threads {threads}: must be at least 1")
    if dry_run:
        _describe(chosen, plugins)
        return
    from optbench.analysis.load import load_with_manifest
    from optbench.progress import Bar

    with Bar() as bar:
        folder = session.compute(
            chosen, out, threads=threads, folders=plugins, progress=bar,
            command=session.command_line(), device=device, fallback=fallback == "cpu",
        )  # fmt: skip
    loaded = load_with_manifest(folder)
    for line in session.summary(loaded[0]):
        click.echo(line)
    page = session.write_report(folder, plugins, PROCESSES, loaded)
    click.echo(f"report: {page}")


def _describe(chosen, plugins):
    """Print what a study would run."""
    from optbench.cells import expand

    pairs, skipped = expand(chosen, plugins)
    rates = chosen.lr.count
    tuning = len(chosen.tuning_instances) * chosen.seeds
    scoring = len(chosen.scoring_instances) * chosen.seeds
    lanes = 0
    for pair in pairs:
        count = pair.grid(chosen).count
        lanes += tuning * count + scoring
        click.echo(f"{pair.label}: {pair.steps} steps" + ", one rate" * (count < rates))
    for optimizer, problem, reason in skipped:
        click.echo(f"skipped: {optimizer} on {problem}: {reason}")
    instances = len(chosen.tuning_instances) + len(chosen.scoring_instances)
    click.echo(
        f"{len(pairs)} pairs, {len(pairs) * instances} cells, "
        f"{lanes} lanes: {rates} rates on {tuning * rates} tuning lanes, the "
        f"best one on {scoring} scoring lanes, of each pair"
    )


@main.command("report")
@click.argument("run")
@plugins_option
def report_command(run, plugins):
    """Write the report of RUN (a folder, or a name below results) anew."""
    from optbench import session
    from optbench.analysis.load import find

    click.echo(f"report: {session.write_report(find(run), plugins, PROCESSES)}")


@main.command("env")
@click.option("--clear-cache", is_flag=True, help="Empty the cache of compiled code, and stop.")
def env_command(clear_cache):
    """Show versions, the processor, SIMD, and the cache of compiled code."""
    from optbench import environment

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
    from optbench.baselines import METHODS, Baseline
    from optbench.rules import registry
    from optbench.rules.schedules import SCHEDULES
    from optbench.rules.wrappers import WRAPPERS

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
    _left_out(registry.refused(plugins))


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
    from optbench import catalog
    from optbench.declared import NetDefinition

    for name, found in catalog.problems(tuple(plugins)).items():
        if isinstance(found, NetDefinition):
            size = "-".join(map(str, found.sizes))
        else:
            size = "d=" + ",".join(map(str, found.dims)) + (" or any" if found.scalable else "")
        click.echo(f"{name:24s} {size:18s} {', '.join(found.tags)}  [{found.source}]")
    _left_out(catalog.refused(plugins))


@list_group.command("activations")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32")
def list_activations(dtype):
    """List activations: range, output, slopes, and ns per element on this machine.

    Output and gradient gain are for a standard normal argument.
    """
    from optbench import session
    from optbench.nets import activation_table

    for line in activation_table.lines(activation_table.activation_table(dtype)):
        click.echo(line)
    click.echo(f"ns per element: {dtype}, forward, one thread, {session.cpu_name()}")


@list_group.command("studies")
def list_studies():
    """List built-in studies."""
    from optbench import study

    for name in study.studies():
        click.echo(f"{name:10s} {study.load(name).description}")


@list_group.command("runs")
@click.option("--root", type=FOLDER, default=Path("results"), help="Where runs are kept.")
def list_runs(root):
    """List the runs below the results folder."""
    from optbench import session

    for name, study, created, cells in session.runs(root):
        click.echo(f"{name:32s} {study:10s} {created}  {cells} cells")


main.add_command(check_command)
main.add_command(new_group)
