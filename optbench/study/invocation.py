"""One invocation of a study: its folder, its device, and the facts of how it was computed."""

import datetime
import functools
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optbench.define.limits import Limits, limited
from optbench.define.plugins import Folders, paths
from optbench.errors import DamagedError, ResultsError, UserError
from optbench.gate import whole
from optbench.kernels.memory.capacity import processors
from optbench.lanes import devices
from optbench.study import devices as study_devices
from optbench.study import machine
from optbench.study.cost import study_cost
from optbench.study.dividing import ShardNumber, divided
from optbench.study.folder_kinds import refuse_claims
from optbench.study.pairs import LeftOut, Pair, expand, listed_optimizers, listed_problems
from optbench.study.progress import Progress
from optbench.study.recording import LAYER_EXAMPLES
from optbench.study.results import FILE, Facts
from optbench.study.running import run_pairs
from optbench.study.schema import Study, read_study
from optbench.study.store import Store
from optbench.study.store_damage import set_file_aside

if TYPE_CHECKING:
    from optbench.study.cluster.connecting import Cluster


def compute(
    study: Study | str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    threads: int | None = None,
    folders: Folders = (),
    progress: Progress | None = None,
    command: str | None = None,
    device: str = "cpu",
    fallback: bool = False,
    limits: Limits = Limits(),  # noqa: B008  # it is frozen
    retry_failed: bool = False,
    scheduler: str | None = None,
    workers: int | None = None,
    shard: ShardNumber | None = None,
    mend: bool = False,
) -> Path:
    """Run a study and keep its results, without a report; see `session.run`.

    With ``device="cuda"`` pairs that cannot run there are skipped, or with `fallback` run on the
    CPU. With `scheduler` or `workers` a cluster runs all pairs. Of a study that is divided among
    machines a `shard` is run alone. What is stored is compared with its checksums where it is read;
    with `mend` all of it first, and what is damaged is set aside and computed anew.
    """
    study = study if isinstance(study, Study) else read_study(study)
    if out is not None:
        refuse_claims(Path(out))
    with limited(limits):
        pairs, skipped = expand(study, folders)
    division = None
    if shard is not None:  # before devices are assigned, which other machines may lack
        division = divided(pairs, skipped, study, shard)
        pairs, skipped = division.pairs, division.left_out
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
    folder = new_folder(study.name) if out is None else Path(out)
    begun = {
        "threads": threads, "device": device, "folders": folders, "command": command,
        "shard": None if division is None else division.facts,
    }  # fmt: skip
    with _cluster(scheduler, workers, threads, device) as cluster:
        how = {
            "threads": threads, "folders": folders, "limits": limits, "retry_failed": retry_failed,
            "cluster": cluster,
        }  # fmt: skip
        into = functools.partial(
            _run_into, folder, pairs, skipped, study, progress or Progress(), begun, how
        )
        _mending(folder, into, mend)
    return folder


def _cluster(
    scheduler: str | None, workers: int | None, threads: int | None, device: str
) -> "AbstractContextManager[Cluster | None]":
    """Return the context of a cluster that is to run pairs, of None if this process is."""
    if scheduler is None and workers is None:
        return nullcontext()
    if scheduler is not None and workers is not None:
        raise UserError("--scheduler has workers of its own: leave out --workers")
    option = "--workers" if scheduler is None else "--scheduler"
    if threads is not None:
        raise UserError(f"--threads is of a run in one process: leave it out, or {option}")
    if device != "cpu":
        raise UserError(f"{option} runs on processors: leave it out, or --device {device}")
    workers = None if workers is None else whole("workers", workers, low=1)
    from optbench.study.cluster.connecting import connected

    return connected(scheduler, workers)


def _mending(folder: Path, run: Callable[[], None], mend: bool) -> None:
    """Run into a folder; what is damaged there is set aside, and run again."""
    if mend:
        _mend(folder)
    try:
        run()
    except DamagedError:  # met on the way
        _mend(folder)
        try:
            run()
        except DamagedError as error:  # of more than cells
            set_file_aside(folder / FILE, error)
            run()


def _run_into(
    folder: Path,
    pairs: Sequence[Pair],
    skipped: Sequence[LeftOut],
    study: Study,
    progress: Progress,
    begun: Mapping[str, Any],
    how: Mapping[str, Any],
) -> None:
    """Run pairs into a folder, by the options `begun` of `_begin` and `how` of `run_pairs`."""
    with Store(folder) as store:
        number = _begin(store, study, **begun)
        began = time.perf_counter()
        try:
            run_pairs(pairs, study, store, progress=progress, skipped=skipped, **how)
        finally:
            seconds = time.perf_counter() - began
            store.end_invocation(
                number, ended=_now(), compile_seconds=progress.compile_seconds,
                run_seconds=seconds - progress.compile_seconds, lane_steps=progress.lane_steps,
            )  # fmt: skip


def _mend(folder: Path) -> None:
    """Set aside what is damaged of a run: cells, or its file if that cannot be read through."""
    try:
        with Store(folder) as store:
            store.set_cells_aside()
    except DamagedError as error:
        set_file_aside(folder / FILE, error)


def new_folder(name: str) -> Path:
    """Make a folder for a run of a study of this name that no other process has; return it."""
    now = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    names = (f"{name}-{now}{f'-{n}' if n > 1 else ''}" for n in range(1, 1000))
    for own in names:
        folder = Path("results") / own
        try:
            folder.mkdir(parents=True, exist_ok=False)
        except FileExistsError:
            continue
        except OSError as error:
            raise ResultsError(
                f"{folder}: cannot be made ({error.strerror}); choose another folder with --out"
            ) from None
        return folder
    raise ResultsError(f"results/{name}-{now}: and a thousand more exist; use --out")


def _begin(
    store: Store,
    study: Study,
    *,
    threads: int | None,
    device: str,
    folders: Folders,
    command: str | None,
    shard: Facts | None = None,
) -> int:
    """Write down who computes the run, and how; refuse a folder that holds another study's."""
    manifest = store.manifest()
    described = study.model_dump(mode="json")
    if manifest and _with_defaults(manifest.get("study") or {}) != described:
        raise ResultsError(f"{store.folder}: {_difference(manifest.get('study') or {}, described)}")
    if manifest and manifest.get("shard") != shard:
        there, here = (_part_of_study(own) for own in (manifest.get("shard"), shard))
        raise ResultsError(
            f"{store.folder}: holds {there}, and {here} was asked for; choose another folder with "
            "--out"
        )
    if not manifest:
        store.put_manifest(
            run=store.folder.resolve().name, study=described, created=_now(),
            study_seed=study.study_seed, layer_examples=LAYER_EXAMPLES,
            listed=_listed(study, folders), **({} if shard is None else {"shard": shard}),
        )  # fmt: skip
    return store.begin_invocation(
        command=command,
        started=_now(),
        process=os.getpid(),
        host=platform.node(),
        versions=machine.versions(),
        cpu=machine.cpu_name(),
        threads=threads or processors(),
        device=device,
        plugins=[str(folder.resolve()) for folder in paths(folders)],
        git_commit=machine.git_commit(),
    )


def _listed(study: Study, folders: Folders) -> dict[str, list[str]]:
    """Return the optimizers and problems that the study had before filters, in its order.

    Runs of its parts are joined in this order.
    """
    optimizers = [optimizer.label for optimizer in listed_optimizers(study, folders)]
    problems = dict.fromkeys(entry.name for entry in listed_problems(study, folders))
    return {"optimizers": optimizers, "problems": list(problems), **study.narrowed_from}


def _with_defaults(stored: dict[str, Any]) -> dict[str, Any]:
    """Return a stored study with the fields that studies did not have when it was stored."""
    try:
        return Study(**stored).model_dump(mode="json")
    except UserError:
        return stored


def _difference(stored: Mapping[str, Any], described: Mapping[str, Any]) -> str:
    """Say in which fields a stored study differs from the one that is to be run."""
    names = [n for n in described if n not in stored or stored[n] != described[n]]
    fields = "; ".join(
        f"{name} = {stored.get(name)!r} there, {described[name]!r} here" for name in names
    )
    return (
        f"holds the results of another study ({stored.get('name')}: {fields or 'other fields'}); "
        "choose another folder with --out"
    )


def _part_of_study(shard: Facts | None) -> str:
    return "the whole study" if shard is None else f"shard {shard['number']}/{shard['of']}"


def _now() -> str:
    return datetime.datetime.now().isoformat(timespec="seconds")


def command_line() -> str:
    """Return this process's command in a form that reproduces it."""
    return shlex.join(["python", "-m", "optbench", *sys.argv[1:]])
