"""Join runs that share nothing: parts of one study, computed apart, become the run of it.

Pairs take the order that they have in the study, whichever part they are from, so that tables are
those of a single run, byte for byte.
"""

import contextlib
import datetime
import os
import platform
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from optbench.errors import ResultsError, UserError
from optbench.study.folder_kinds import refuse_claims
from optbench.study.results import CLAIMED, FILE, PENDING, Facts, Results
from optbench.study.shards import PARTS, Shard, check_joinable, name_of
from optbench.study.store import PairRow, Store
from optbench.study.store_lock import make_writable

OF_ONE_RUN = ("shard", CLAIMED)
"""Entries of a manifest that do not hold of the joined run."""


def merge(
    runs: Sequence[Path], out: Path, command: str | None = None, incomplete: bool = False
) -> Path:
    """Join runs into a new one.

    Parameters
    ----------
    runs : sequence of path
        Folders of at least two runs, which may be unfinished.
    out : path
        The new run's folder, which must not hold one.
    command : str, optional
        What reproduces it.
    incomplete : bool
        Whether shards by number may be missing: running the joined run computes them.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    UserError
        If there are fewer than two runs, one is being written, two of them share a pair, shards
        by number are missing, or they differ in settings of the study, code, device or the
        definition of a problem.
    ResultsError
        If one cannot be read, or `out` holds a run or cannot be written.
    """
    if len(runs) < 2:
        raise UserError("a run alone is joined with nothing: name two or more")
    if (out / FILE).exists():
        raise ResultsError(f"{out}: holds a run already; choose another folder with --out")
    refuse_claims(out)
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(Results(folder)) for folder in runs]
        for results in opened:
            if results.is_held():
                raise UserError(f"{results.folder}: is being computed; wait for its end")
        shards = [Shard.read(results) for results in opened]
        check_joinable(shards, incomplete)
        make_writable(out.parent)
        staging = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            with Store(staging) as store:
                _write(store, shards, out, command)
            _put_in_place(staging, out)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return out


def _put_in_place(staging: Path, out: Path) -> None:
    """Move the files of a finished run into its folder, the results last."""
    make_writable(out)
    try:
        for path in sorted(staging.iterdir(), key=lambda path: path.name == FILE):
            path.replace(out / path.name)
    except OSError as error:
        raise ResultsError(f"{out}: cannot be written ({error.strerror})") from None


def _write(store: Store, shards: Sequence[Shard], out: Path, command: str | None) -> None:
    """Write all that the shards hold."""
    listed = [shard.manifest["listed"] for shard in shards]
    orders = {field: joined_order(own[field] for own in listed) for field in PARTS}
    whole = {name: value for name, value in shards[0].manifest.items() if name not in OF_ONE_RUN}
    now = datetime.datetime.now().isoformat(timespec="seconds")
    store.put_manifest(**{
        **whole, "run": out.resolve().name, "created": now,
        "study": _study(shards, orders), "merged_from": [shard.name for shard in shards],
        "listed": orders,
    })  # fmt: skip
    for facts in (facts for shard in shards for facts in shard.invocations):
        store.begin_invocation(**facts)
    store.begin_invocation(**_invocation(shards, command, now))
    pairs = _ordered(shards, orders)
    problems = {label: own for shard in shards for label, own in shard.problems.items()}
    with_results = [pair["label"] for pair in pairs if not _left_out(pair)]
    store.put_pairs(
        {label: problems[label] for label in dict.fromkeys(with_results) if label in problems},
        [_row(pair) for pair in pairs],
        lambda optimizer, label, cells: False,
    )
    for shard in shards:
        _copy_cells(store, shard)
    for pair in pairs:
        key = pair["optimizer"], pair["label"]
        store.end_pair(*key, pair["state"], reason=pair["reason"], trace=pair["trace"])
    store.flush()


def _copy_cells(store: Store, shard: Shard) -> None:
    for optimizer, label, phase, part, cell in shard.cells:
        facts, arrays = shard.results.get(cell)
        layers = shard.results.layers_of(cell)
        store.put(cell, facts, arrays, layers, (optimizer, label, phase, part))


def joined_order(sequences: Iterable[Sequence[str]]) -> list[str]:
    """Return the names of all sequences, each in the order in which its sequences have them.

    What only a later sequence has comes right after what precedes it there.
    """
    order: list[str] = []
    for sequence in sequences:
        at = 0
        for name in sequence:
            if name in order:
                at = order.index(name) + 1
            else:
                order.insert(at, name)
                at += 1
    return order


def _study(shards: Sequence[Shard], orders: dict[str, list[str]]) -> dict[str, Any]:
    """Return the fields of the study that the shards are parts of."""

    def joined(field: str) -> list[Any]:
        entries: list[Any] = []
        for shard in shards:
            entries += [entry for entry in shard.study[field] if entry not in entries]
        names = [entry if field == "optimizers" else entry["name"] for entry in entries]
        if not set(names) <= set(orders[field]):  # globs, as the study itself has them
            return entries
        places = [orders[field].index(name) for name in names]
        return [entry for _, entry in sorted(zip(places, entries, strict=True), key=_place)]

    return {**shards[0].study, **{field: joined(field) for field in PARTS}}


def _place(placed: tuple[int, Any]) -> int:
    return placed[0]


def _invocation(shards: Sequence[Shard], command: str | None, now: str) -> Facts:
    """Return the facts of the merge itself: nothing was computed."""
    plugins = [own for shard in shards for own in shard.invocations[-1].get("plugins", [])]
    return {
        **shards[-1].invocations[-1], "command": command, "started": now, "ended": now,
        "process": os.getpid(), "host": platform.node(), "plugins": list(dict.fromkeys(plugins)),
        "compile_seconds": 0.0, "run_seconds": 0.0, "lane_steps": 0,
    }  # fmt: skip


def _left_out(pair: Facts) -> bool:
    """Return whether the study leaves a pair out: it has no budget then."""
    return "budget" not in pair


def _ordered(shards: Sequence[Shard], orders: dict[str, list[str]]) -> list[Facts]:
    """Return all pairs as a single run lists them: by problem, and what is left out at the end."""
    run, left_out = (
        [
            list(dict.fromkeys(p["label"] for p in shard.pairs if _left_out(p) == out))
            for shard in shards
        ]
        for out in (False, True)
    )
    divided = [shard.part["labels"] for shard in shards if shard.part]
    labels = joined_order([*divided[:1], *run, *left_out])
    problems, optimizers = orders["problems"], orders["optimizers"]

    def place(pair: Facts) -> tuple[bool, int, int, int]:
        label = pair["label"]
        return (
            _left_out(pair), problems.index(name_of(label)), labels.index(label),
            optimizers.index(pair["optimizer"]),
        )  # fmt: skip

    pairs = [pair for shard in shards for pair in shard.pairs]
    return sorted([*pairs, *_missing(pairs)], key=place)


def _missing(pairs: Sequence[Facts]) -> list[Facts]:
    """Return the pairs that no shard has, though one has the optimizer and one the problem."""
    keys = {(pair["optimizer"], pair["label"]) for pair in pairs}
    optimizers, labels = ({key[i] for key in keys} for i in (0, 1))
    return [
        {"optimizer": optimizer, "label": label, "state": PENDING, "reason": None, "trace": None}
        for optimizer in optimizers for label in labels if (optimizer, label) not in keys
    ]  # fmt: skip


def _row(pair: Facts) -> PairRow:
    """Return a pair as the store lists it, not finished yet."""
    apart = ("optimizer", "label", "state", "reason", "trace")
    facts = {name: value for name, value in pair.items() if name not in apart}
    return PairRow(pair["optimizer"], pair["label"], PENDING, None, facts)
