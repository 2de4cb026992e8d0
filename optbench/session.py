"""A whole run, end to end: study -> pairs -> cells in the store -> frames -> report."""

import datetime
import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
import time
from pathlib import Path

from optbench import devices
from optbench.cells import expand
from optbench.errors import UserError
from optbench.runner import Progress, run_pairs
from optbench.store import FILE, Store
from optbench.study import Study, load

PACKAGES = ("optbench", "numba", "llvmlite", "numpy", "scipy", "pandas", "matplotlib")


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
        The run's folder.

    Raises
    ------
    UserError
        If a name is unknown, the folder cannot be written or holds another study.
    """
    folder = compute(
        study, out, threads=threads, folders=folders, progress=progress, command=command
    )
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
    pairs, unfit = devices.assigned(pairs, devices.chosen(device), fallback)
    skipped += unfit
    if not pairs:
        raise UserError(
            f"study {study.name}: there is nothing to run: "
            + "; ".join(dict.fromkeys(reason for _, _, reason in skipped))
        )
    folder = Path(out) if out else default_folder(study)
    with Store(folder) as store:
        _claim(store, study, pairs, skipped, threads, command)
        began = time.perf_counter()
        progress = progress or Progress()
        try:
            run_pairs(pairs, study, store, threads, progress)
        finally:
            _account(store, progress, time.perf_counter() - began)
            _leave_out(store, progress.left_out)
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
            reached = f"{row.success_share:4.0%} of {row.lanes} lanes reached the target"
            spent = row.evaluations_to_target
            after = f" after {spent:g} evaluations" if spent < float("inf") else ""
            yield (
                f"  {row.optimizer:24s} lr {row.lr:<9.3g} {reached}{after}, "
                f"median gap {row.median_gap:.3g}"
            )


def default_folder(study):
    """Return a fresh folder name for a run of `study`."""
    now = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    return Path("results") / f"{study.name}-{now}"


def write_report(folder, folders=(), processes=1, loaded=None):
    """Write figures, tables and the page of a stored run; return the page's path.

    `loaded` are the frames and the manifest, where they are at hand.
    """
    from optbench import catalog, report
    from optbench.analysis.load import load_with_manifest
    from optbench.checking import conformance

    frames, manifest = loaded or load_with_manifest(folder)
    problems = frames["problems"].set_index("label")

    def surface(label, instance):
        row = problems.loc[label]
        definition = catalog.definition(row["problem"], folders)
        problem = catalog.problem(definition, int(row["dim"]), int(instance))
        return problem.value, problem.box, problem.minimum

    rules = {name.partition("[")[0] for name in frames["lanes"]["optimizer"].unique()}
    return report.build(
        Path(folder), frames, manifest, surfaces=surface, processes=processes,
        conformance=conformance.summary(rules),
    )  # fmt: skip


def _claim(store, study, pairs, skipped, threads, command):
    """Write the manifest of a new run; refuse a folder that holds another study's."""
    known = store.manifest()
    described = study.model_dump(mode="json")
    if known and known.get("study") != described:
        raise UserError(
            f"{store.folder}: holds the results of another study ({known['study']['name']}, or one "
            "with other settings); choose another folder with --out"
        )
    store.put_manifest(
        run=store.folder.name,
        study=described,
        command=command or f"python -m optbench run {shlex.quote(study.name)}",
        created=known.get("created") or datetime.datetime.now().isoformat(timespec="seconds"),
        versions=versions(),
        cpu=cpu_name(),
        threads=threads or os.cpu_count(),
        git_commit=git_commit(),
        study_seed=study.study_seed,
        pairs=[(pair.optimizer.label, pair.problem.label) for pair in pairs],
        skipped=skipped,
    )


def _leave_out(store, left_out):
    """Move pairs that could not run from the manifest's pairs to the skipped ones."""
    if left_out:
        known = store.manifest()
        gone = {(optimizer, problem) for optimizer, problem, _ in left_out}
        store.put_manifest(
            pairs=[pair for pair in known["pairs"] if tuple(pair) not in gone],
            skipped=[*known["skipped"], *left_out],
        )


def _account(store, progress, seconds):
    """Add what this session spent to the manifest, also when it was interrupted."""
    known = store.manifest()
    spent = {
        "compile_seconds": progress.compile_seconds,
        "run_seconds": seconds - progress.compile_seconds,
        "lane_steps": progress.lane_steps,
    }
    totals = {key: known.get(key, 0) + value for key, value in spent.items()}
    store.put_manifest(cells=store.count(), **totals)


def versions():
    """Return the versions of Python and of the packages that decide the numbers."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def cpu_name():
    """Return the processor's name."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def git_commit():
    """Return the commit of the source tree, "+" appended if it has changes; None elsewhere."""
    folder = Path(__file__).resolve().parent.parent

    def git(*arguments):
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")) != folder:
            return None
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def runs(root="results"):
    """Return the runs below `root`: list of (name, study, created, cells)."""
    found = []
    for path in sorted(Path(root).glob(f"*/{FILE}")):
        with Store.open(path.parent) as store:
            manifest = store.manifest()
        name = manifest.get("study", {}).get("name", "?")
        found.append((path.parent.name, name, manifest.get("created", "?"), manifest.get("cells")))
    return found


def command_line():
    """Return this process's command in a form that reproduces it."""
    return shlex.join(["python", "-m", "optbench", *sys.argv[1:]])
