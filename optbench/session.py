"""A whole run, end to end: study -> pairs -> cells in the store -> frames -> report."""

import datetime
import os
import platform
import shlex
import sys
import time
import warnings
from pathlib import Path

from optbench import devices, machine
from optbench.cells import expand
from optbench.errors import ResultsError, UserError
from optbench.gate import whole
from optbench.progress import Progress
from optbench.results import DONE, FILE, Results
from optbench.runner import run_pairs
from optbench.store import Store
from optbench.study import Study, load
from optbench.study_cost import study_cost
from optbench.waiting import working


class FailedPairWarning(UserWarning):
    """A pair of a study ended by an error; all others went on."""


def run(
    study, out=None, *, threads=None, folders=(), progress=None, command=None, processes=1
):  # fmt: skip
    """Run a study, keep its results and write its report.

    Parameters
    ----------
    study : Study or str
        A study, the name of a built-in one, or the path of a TOML file.
    out : path, optional
        The run's folder, by default ``results/<study>-<date>-<time>``. If it holds an unfinished
        run of the same study, that run goes on.
    threads : int, optional
        By default the number of processors.
    folders : tuple of path
        Folders with problems and optimizers of the user's own.
    progress : Progress, optional
    command : str, optional
        What reproduces the run, for the report.
    processes : int
        Processes that draw figures. More than one need a script whose own work is guarded by
        ``if __name__ == "__main__"``.

    Returns
    -------
    Path
        The run's folder. Pairs that failed are warned about, and are in the frame "skipped" of
        `optbench.load`; if all did, there is no report.

    Raises
    ------
    UserError
        If a name is unknown, or nothing of the study could be run.
    ResultsError
        If the folder cannot be written, holds another study, or is being written.
    """
    progress = progress or Progress()
    folder = compute(
        study, out, threads=threads, folders=folders, progress=progress, command=command
    )
    for pair, reason in progress.failures:
        warnings.warn(f"failed: {pair}: {reason}", FailedPairWarning, stacklevel=2)
    with Results(folder) as results:
        any_done = any(pair["state"] == DONE for pair in results.pairs())
    if any_done:
        write_report(folder, folders, processes)
    return folder


def compute(
    study, out=None, *, threads=None, folders=(), progress=None, command=None, device="cpu",
    fallback=False,
):  # fmt: skip
    """Run a study and keep its results, without a report; see `run`.

    With ``device="cuda"`` pairs that cannot run there are skipped, or with `fallback` run on the
    CPU.
    """
    study = study if isinstance(study, Study) else load(study)
    pairs, skipped = expand(study, folders)
    device = devices.chosen(device)
    pairs, unfit = devices.assigned(pairs, device, fallback)
    skipped += unfit
    if not pairs:
        raise UserError(
            f"study {study.name}: there is nothing to run: "
            + "; ".join(dict.fromkeys(reason for _, _, reason in skipped))
        )
    threads = None if threads is None else whole("threads", threads, low=1)
    study_cost(pairs, study, threads)
    folder = new_folder(study) if out is None else Path(out)
    progress = progress or Progress()
    with Store(folder) as store:
        number = _begin(store, study, threads, device, folders, command)
        began = time.perf_counter()
        try:
            run_pairs(pairs, study, store, threads, progress, skipped)
        finally:
            seconds = time.perf_counter() - began
            store.end_invocation(
                number, ended=_now(), compile_seconds=progress.compile_seconds,
                run_seconds=seconds - progress.compile_seconds, lane_steps=progress.lane_steps,
            )  # fmt: skip
    return folder


def summary(frames, best=3):
    """Yield lines that name the best optimizers on each problem of a run.

    Parameters
    ----------
    frames : dict of DataFrame
        What `optbench.load` returns.
    best : int
        How many optimizers to name on a problem.
    """
    from optbench.report.reduce import ranked

    for label, rows in frames["convergence"].groupby("label", sort=False):
        yield label
        for row in ranked(rows).head(best).itertuples():
            if row.success_share != row.success_share:
                end = f"no target is known, median final f {row.median_f:.3g}"
            else:
                spent = row.evaluations_to_target
                after = f" after {spent:g} evaluations" if spent < float("inf") else ""
                end = (
                    f"{row.success_share:4.0%} of {row.lanes} lanes reached the target{after}, "
                    f"median gap {row.median_gap:.3g}"
                )
            rate = f"lr {row.lr:<9.3g}" if row.lr == row.lr else " " * 12  # solvers have none
            yield f"  {row.optimizer:24s} {rate} {end}"


def new_folder(study):
    """Make a folder for a run of `study` that no other process has, and return it."""
    now = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    names = (f"{study.name}-{now}{f'-{n}' if n > 1 else ''}" for n in range(1, 1000))
    for name in names:
        folder = Path("results") / name
        try:
            folder.mkdir(parents=True, exist_ok=False)
        except FileExistsError:
            continue
        except OSError as error:
            raise ResultsError(
                f"{folder}: cannot be made ({error.strerror}); choose another folder with --out"
            ) from None
        return folder
    raise ResultsError(f"results/{study.name}-{now}: and a thousand more exist; use --out")


def write_report(folder, folders=(), processes=1, loaded=None, out=None):
    """Write figures, tables and the page of a stored run; return the page's path.

    `loaded` are the frames and the manifest, where they are at hand. Problems of the user's own
    are looked for in `folders` and where the run took them from. `out` is another folder to write
    to, where that of the run cannot be written.
    """
    from optbench import report
    from optbench.analysis.load import load_with_manifest
    from optbench.checking import conformance

    frames, manifest = loaded or load_with_manifest(folder)
    rules = {name.partition("[")[0] for name in frames["lanes"]["optimizer"].unique()}
    with working("writing the report"):
        return report.build(
            Path(out or folder), frames, manifest,
            surfaces=_surfaces(frames["problems"], [*folders, *manifest["plugins"]]),
            processes=processes, conformance=conformance.summary(rules),
        )  # fmt: skip


def _surfaces(problems, folders):
    """Return ``f(label, instance) -> (value, box, minimum)`` of the surfaces that were run.

    It returns None for what is there no more, or is another surface by now: contours of today's
    would be drawn under yesterday's trajectories.
    """
    from optbench import catalog

    folders = tuple(dict.fromkeys(Path(f) for f in folders if Path(f).is_dir()))
    rows = problems.set_index("label")

    def surface(label, instance):
        row = rows.loc[label]
        try:
            definition = catalog.definition(row["problem"], folders)
            problem = catalog.problem(definition, int(row["dim"]))
        except UserError:
            return None
        if isinstance(row["content"], str) and problem.identity != row["content"]:
            return None
        problem = catalog.problem(definition, int(row["dim"]), int(instance))
        return problem.value, problem.box, problem.minimum

    return surface


def _begin(store, study, threads, device, folders, command):
    """Write down who computes the run, and how; refuse a folder that holds another study's."""
    manifest = store.manifest()
    described = study.model_dump(mode="json")
    if manifest and _with_defaults(manifest.get("study") or {}) != described:
        raise ResultsError(f"{store.folder}: {_difference(manifest.get('study') or {}, described)}")
    if not manifest:
        store.put_manifest(
            run=store.folder.resolve().name, study=described, created=_now(),
            study_seed=study.study_seed,
        )  # fmt: skip
    return store.begin_invocation(
        command=command,
        started=_now(),
        process=os.getpid(),
        host=platform.node(),
        versions=machine.versions(),
        cpu=machine.cpu_name(),
        threads=threads or os.cpu_count(),
        device=device,
        plugins=[str(Path(folder).resolve()) for folder in folders],
        git_commit=machine.git_commit(),
    )


def _with_defaults(stored):
    """Return a stored study with the fields that studies did not have when it was stored."""
    try:
        return Study(**stored).model_dump(mode="json")
    except UserError:
        return stored


def _difference(stored, asked):
    """Say in which fields a stored study differs from the one that is asked for."""
    names = [name for name in asked if name not in stored or stored[name] != asked[name]]
    fields = "; ".join(
        f"{name} = {stored.get(name)!r} there, {asked[name]!r} here" for name in names
    )
    return (
        f"holds the results of another study ({stored.get('name')}: {fields or 'other fields'}); "
        "choose another folder with --out"
    )


def _now():
    return datetime.datetime.now().isoformat(timespec="seconds")


def runs(root="results"):
    """Return the state of each run below `root`, and what cannot be read.

    Returns
    -------
    list of dict
        With name, study, created, state (words) and pairs, as `Results.pairs` gives them.
    list of str
        A message for each file that cannot be read.
    """
    from optbench.analysis.load import state_of

    readable, damaged = [], []
    for path in sorted(Path(root).glob(f"*/{FILE}")):
        try:
            with Results(path.parent) as results:
                manifest = results.manifest()
                state, pairs = state_of(results), results.pairs()
        except ResultsError as error:
            damaged.append(str(error))
            continue
        readable.append({
            "name": path.parent.name, "study": (manifest.get("study") or {}).get("name", "?"),
            "created": manifest.get("created", "?"), "state": state, "pairs": pairs,
        })  # fmt: skip
    return readable, damaged


def command_line():
    """Return this process's command in a form that reproduces it."""
    return shlex.join(["python", "-m", "optbench", *sys.argv[1:]])
