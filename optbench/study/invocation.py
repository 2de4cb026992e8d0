"""One invocation of a study: its folder, its device, and what is kept of how it was computed."""

import datetime
import os
import platform
import shlex
import sys
import time
from pathlib import Path

from optbench.errors import ResultsError, UserError
from optbench.gate import whole
from optbench.lanes import devices
from optbench.study import devices as study_devices
from optbench.study import machine
from optbench.study.cells import expand
from optbench.study.cost import study_cost
from optbench.study.probing import EXAMPLES
from optbench.study.progress import Progress
from optbench.study.running import run_pairs
from optbench.study.schema import Study, load
from optbench.study.store import Store


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
    device = devices.resolve(device)
    pairs, unfit = study_devices.assigned(pairs, device, fallback)
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


def _begin(store, study, threads, device, folders, command):
    """Write down who computes the run, and how; refuse a folder that holds another study's."""
    manifest = store.manifest()
    described = study.model_dump(mode="json")
    if manifest and _with_defaults(manifest.get("study") or {}) != described:
        raise ResultsError(f"{store.folder}: {_difference(manifest.get('study') or {}, described)}")
    if not manifest:
        store.put_manifest(
            run=store.folder.resolve().name, study=described, created=_now(),
            study_seed=study.study_seed, layer_examples=EXAMPLES,
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


def command_line():
    """Return this process's command in a form that reproduces it."""
    return shlex.join(["python", "-m", "optbench", *sys.argv[1:]])
