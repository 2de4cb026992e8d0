"""The arrays of a chunk: blocks of one load or of several, filled up to one shape.

A rule with fewer hyperparameters, states or step scalars than another leaves rows unused.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.cuda.arena import Room
from optbench.kernels.cuda.arrays import Blocks, Loads, Plans, Surfaces
from optbench.kernels.cuda.load import Load, Piece
from optbench.kernels.cuda.parting import of_lanes
from optbench.kernels.driver.step_scalars import BlockTables
from optbench.kernels.driver.surfaces import surface_group
from optbench.kernels.driver.task_groups import blocked_starts, lanes_group, plan_group
from optbench.kernels.driver.tasks import Placement, Program, Task
from optbench.kernels.memory.groups import Lanes, Results


def chunk_groups(
    pieces: Sequence[Piece], width: int, states: int, lane_states: int, turned: bool
) -> tuple[Blocks, Loads, Surfaces, Plans, Results]:
    """Return the groups of arrays of a chunk.

    Parameters
    ----------
    pieces : sequence of Piece
    width : int
        Lanes of a block.
    states, lane_states : int
        Rows of state that the kernel has.
    turned : bool
        Whether it turns points, so that every placement has a matrix.

    Returns
    -------
    tuple
        Blocks, Loads, Surfaces and Plans of NumPy arrays, and Results of rooms.
    """
    loads = [piece.load for piece in pieces]
    places, numbers = _numbered(loads)
    return (
        _blocks(pieces, numbers),
        _joined([lanes_of_piece(piece, width) for piece in pieces], states, lane_states),
        surfaces_of(places, loads[0].program, loads[0].task.start.shape[1], turned),
        _plans(loads, numbers, len(places)),
        result_rooms(pieces),
    )


def _numbered(loads: Sequence[Load]) -> tuple[list[Placement], list[NDArray[np.int64]]]:
    """Return all placements with their plans' values, and the numbers of each load's.

    The same placement under another plan counts as another: targets may be a pair's own.
    """
    found: dict[tuple[int, bytes], int] = {}
    places, numbers = [], []
    for load in loads:
        own = []
        for number, placement in enumerate(load.placements):
            key = (id(placement), _plan_values(load, number))
            if key not in found:
                found[key] = len(places)
                places.append(placement)
            own.append(found[key])
        numbers.append(np.array(own, np.int64))
    return places, numbers


def _targets(task: Task, number: int) -> NDArray[np.float64]:
    targets: NDArray[np.float64] = task.targets if task.targets.ndim == 1 else task.targets[number]
    return targets


def _plan_values(load: Load, number: int) -> bytes:
    f_ref: bytes = load.task.f_ref[number].tobytes()
    return f_ref + _targets(load.task, number).tobytes()


def _blocks(pieces: Sequence[Piece], numbers: Sequence[NDArray[np.int64]]) -> Blocks:
    """Return what each block is about; lanes are counted through all pieces."""
    columns: list[list[NDArray[np.int64]]] = [[] for _ in Blocks._fields]
    before = 0
    for number, (piece, places) in enumerate(zip(pieces, numbers, strict=True)):
        load, ones = piece.load, np.ones(len(piece.firsts), np.int64)
        rows = (
            piece.firsts - piece.first + before, piece.counts, number * ones,
            places[load.frames[piece.firsts]], load.problem * ones, load.rule * ones,
        )  # fmt: skip
        for column, row in zip(columns, rows, strict=True):
            column.append(row)
        before += piece.last - piece.first
    return Blocks(*map(np.concatenate, columns))


def lanes_of_piece(piece: Piece, width: int) -> Lanes:
    """Return the `groups.Lanes` of some blocks of a load; columns beyond a block's are copies."""
    load, first = piece.load, piece.first
    program, own = load.program, of_lanes(load.task, np.arange(first, piece.last))
    columns = np.minimum(np.arange(width), piece.counts[:, np.newaxis] - 1)
    numbers = piece.firsts[:, np.newaxis] - first + columns
    start = blocked_starts(program, own, own.draw[numbers])
    by_lane = own.uniform.setting is not None and not program.across
    tables = BlockTables(own.uniform, numbers, by_lane, program.dtype).of(slice(None))
    return lanes_group(program, own, numbers, start, tables, key_by_lane=True)


def _joined(parts: Sequence[Lanes], states: int, lane_states: int) -> Loads:
    """Return the lanes of several loads as one group."""
    hyper = max(part.hyper.shape[1] for part in parts)
    scalars = max(part.uniform.shape[2] for part in parts)
    before, tables = [], 0
    for part in parts:
        before.append(tables)
        tables += len(part.uniform)
    ends = [part.table + first for part, first in zip(parts, before, strict=True)]
    return Loads(
        start=_behind([part.start for part in parts]),
        key=_behind([part.key for part in parts]),
        hyper=_behind([_padded(part.hyper, 1, hyper) for part in parts]),
        state_start=np.stack([_padded(part.state_start, 0, states) for part in parts]),
        lane_start=np.stack([_padded(part.lane_start, 0, lane_states) for part in parts]),
        uniform=_behind([_padded(part.uniform, 2, scalars) for part in parts]),
        moving=np.stack([_padded(part.moving, 0, scalars) for part in parts]),
        table=_behind(ends),
        record_row=_rows([part.record_row for part in parts]),
        point_row=_rows([part.point_row for part in parts]),
        tensor_table=parts[0].tensor_table,
    )


def _behind(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _padded(array: np.ndarray, axis: int, size: int) -> np.ndarray:
    """Return an array that is `size` long along an axis, with zeros at its end."""
    missing = [(0, 0)] * array.ndim
    missing[axis] = (0, size - array.shape[axis])
    return np.pad(array, missing) if missing[axis][1] else array


def _rows(numbers: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return rows in records, -1 for none, counted through all loads."""
    before, rows = 0, []
    for own in numbers:
        rows.append(np.where(own < 0, own, own + before))
        before += np.count_nonzero(own >= 0)
    return np.concatenate(rows)


def surfaces_of(places: Sequence[Placement], program: Program, dim: int, turned: bool) -> Surfaces:
    """Return the placements of a chunk, whose frames become alike where they are not."""
    framed = [_framed(place, dim, turned) for place in places]
    groups = [surface_group(place, program.dtype, dim) for place in framed]
    return Surfaces(
        p=np.concatenate([group.p for group in groups]),
        p_end=_places([group.p for group in groups]),
        q=np.concatenate([group.q for group in groups]),
        q_end=_places([group.q for group in groups]),
        shift=np.stack([group.shift for group in groups]),
        centre=np.stack([group.centre for group in groups]),
        matrix=np.stack([group.matrix for group in groups]),
        stretch=np.array([group.stretch for group in groups], program.dtype),
    )


def _framed(place: Placement, dim: int, turned: bool) -> Placement:
    """Return a placement with a centre if it is shifted, and turned by no angle if others are."""
    changes = {}
    if place.shift is not None and place.centre is None:
        changes["centre"] = np.zeros(dim)
    if turned and place.rotation is None:
        changes["rotation"] = np.eye(dim)
    return dataclasses.replace(place, **changes) if changes else place


def _places(arrays: Sequence[np.ndarray]) -> NDArray[np.int64]:
    return np.cumsum([0, *(array.size for array in arrays)], dtype=np.int64)


def _plans(loads: Sequence[Load], numbers: Sequence[NDArray[np.int64]], count: int) -> Plans:
    """Return the plans of loads, which are alike but for what belongs to a placement."""
    plans = [plan_group(loads[0].program, loads[0].task)] * count
    for load, own in zip(loads, numbers, strict=True):
        for number, place in enumerate(own):
            plans[place] = plan_group(load.program, load.task, number)
    plan = plans[0]._asdict()
    shared = {name: plan[name] for name in Plans._fields}  # what a kernel does not know is left out
    shared["targets"] = np.stack([one.targets for one in plans])
    for name in ("f_ref", "floor"):
        values = [getattr(one, name) for one in plans]
        shared[name] = np.array(values, plans[0].targets.dtype)
    return Plans(**shared)


def result_rooms(pieces: Sequence[Piece]) -> Results:
    """Return the room for the results of all lanes of a chunk, one load's after the other's."""
    lengths = [0] * len(Results._fields)
    for piece in pieces:
        for place, kept in enumerate(kept_rows(piece)):
            lengths[place] += kept
    results = pieces[0].load.results
    return Results(
        *(
            Room((length, *array.shape[1:]), array.dtype)
            for length, array in zip(lengths, results, strict=True)
        )
    )


def kept_rows(piece: Piece) -> list[int]:
    """Return how many rows each array of the results has for a piece."""
    own, task = slice(piece.first, piece.last), piece.load.task
    records = int(np.count_nonzero(task.record_row[own] >= 0))
    points = int(np.count_nonzero(task.point_row[own] >= 0))
    rows = dict.fromkeys(Results._fields, piece.last - piece.first)
    rows |= dict.fromkeys(("record_f", "record_best", "record_metrics"), records)
    return list((rows | {"record_x": points}).values())
