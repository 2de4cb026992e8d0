"""How much of a device's memory is taken, and how arrays get there and back: numbers by hand."""

import ctypes
from dataclasses import replace
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

import optbench
from optbench.catalog import finding
from optbench.kernels.authors.tensors import tensor_table
from optbench.kernels.driver.task_groups import empty_results
from optbench.lanes import simulating
from optbench.rules import compose

from .compiling import task_of

pytestmark = pytest.mark.cudasim
RUN = dict(steps=1, lanes=700, lr=0.01, records=1)


class Sent(NamedTuple):
    """A group to send."""

    a: np.ndarray
    n: int
    b: object


class Back(NamedTuple):
    """A group that comes back."""

    c: object


def groups():
    from optbench.kernels.cuda.arena import Room

    a, c = np.arange(5.0), Room((2, 3), np.dtype("float32"))
    return [Sent(a, 7, Room((300,), np.dtype("int64"))), Back(c)]


def test_arrays_lie_one_behind_the_other_in_three_regions():
    from optbench.kernels.cuda.arena import Layout

    layout = Layout(groups())
    # 40 bytes are sent, 24 come back, 2400 are the device's alone; each begins at 256 bytes.
    assert layout.starts == [[0, 512], [256]]
    assert (layout.sent, layout.fetched, layout.size) == (256, 512, 512 + 2560)


def test_a_channel_sends_arrays_and_brings_results_back():
    from optbench.kernels.cuda.arena import Channel

    channel, mine = Channel(), groups()
    sent, back = channel.send(mine)
    np.testing.assert_array_equal(sent.a, mine[0].a)
    assert sent.n == 7 and sent.b.shape == (300,)
    assert not np.shares_memory(sent.a, mine[0].a)
    assert np.isnan(back.c).all()  # all bytes are 0xFF, which is -1 where numbers are whole
    back.c[:] = np.arange(6.0).reshape(2, 3)
    channel.fetch()
    np.testing.assert_array_equal(channel.results().c, [[0, 1, 2], [3, 4, 5]])


def test_the_arguments_of_a_kernel_are_those_of_numba():
    from optbench.kernels.cuda.arena import Placed, words

    placed = Placed(0x1000, (2, 3), np.dtype("float32"))
    found = words([Sent(placed, 7, np.float32(0.5)), Back(0.25)])
    assert found[:5] == [0, 0, 6, 4, 0x1000]  # unused, unused, size, bytes of an item, address
    assert found[5:9] == [2, 3, 12, 4]  # shape, and strides in bytes
    kinds = [ctypes.c_int64, ctypes.c_float, ctypes.c_double]
    assert [type(word) for word in found[9:]] == kinds
    assert [word.value for word in found[9:]] == [7, 0.5, 0.25]


def test_two_channels_take_turns_and_outlive_their_launch(monkeypatch):
    from optbench.kernels.cuda import arena, device, running
    from optbench.kernels.cuda.built import Kernel

    used, made, start = [], [], Kernel.start
    monkeypatch.setattr(arena, "_idle", [])
    monkeypatch.setattr(running, "MOST_LANES", 128)
    monkeypatch.setattr(device, "stream", lambda: SimpleNamespace(synchronize=lambda: None))

    def started(self, groups, blocks, threads, queue, near=0):
        used.append(id(queue))
        start(self, groups, blocks, threads, queue, near)

    def allocated(size):
        made.append(size)
        return np.empty(size, np.uint8)

    monkeypatch.setattr(Kernel, "start", started)
    monkeypatch.setattr(device, "allocated", allocated)
    for _ in range(2):
        optbench.minimize("gd", "booth", device="cuda", **RUN)
    first, second = used[:2]
    assert first != second
    assert used[:6] == [first, second] * 3  # six blocks
    assert set(used[6:]) == {first, second} and len(used) == 12
    assert len(made) == 2


def load_of(name, rule, steps, dim=None, lanes=1):
    from optbench.kernels.cuda.load import Load

    problem, optimizer = finding.problem(name, dim, 3), compose.optimizer(rule)
    program = simulating.program(problem, optimizer, "float64", "cuda")
    one = task_of(problem, optimizer, steps)
    task = replace(
        one, draw=np.arange(lanes), frames=np.zeros(lanes, np.int64),
        start=np.repeat(one.start, lanes, 0), keys=np.repeat(one.keys, lanes),
        values={**one.values, "lr": np.repeat(one.values["lr"], lanes)},
    )  # fmt: skip
    return Load(program, [problem.placement], task, empty_results(program, task))


def test_what_a_lane_takes():
    load = load_of("sphere", "adam", 50, 100)
    # Start and point, five settings, f at the start, the end and the best, two records of f and of
    # the best; whole numbers: status, steps, hit, key, row of records and of points, and hits.
    settings, targets = len(load.program.layout.hyper), load.task.targets.size
    assert load.bytes_per_lane() == 8 * (2 * 100 + settings + 3 + 2 * 2) + 8 * (6 + targets)


def test_an_arena_grows_by_what_a_lane_takes():
    from optbench.kernels.cuda.arena import Layout
    from optbench.kernels.cuda.chunk import chunk_groups
    from optbench.kernels.cuda.load import cut

    sizes = []
    for lanes in (1280, 2560):
        load = load_of("sphere", "adam", 50, 100, lanes)
        piece = cut(load, 128)
        assert len(piece.firsts) == lanes // 128
        sizes.append(Layout(chunk_groups([piece], 128, 2, 0, False)).size)
    # A block has seven numbers of its own, and each array is filled up to 256 bytes.
    per_lane = (sizes[1] - sizes[0]) / 1280
    assert 0 <= per_lane - load.bytes_per_lane() < 7 * 8 / 128 + 30 * 256 / 1280


def test_the_pool_of_local_memory_counts(monkeypatch):
    """An H100 has 132 multiprocessors of 2048 threads: 5,856 bytes of each are 1.47 GiB."""
    from optbench.kernels.cuda import built, device
    from optbench.kernels.cuda.load import cut
    from optbench.kernels.cuda.running import SHARE, Room

    load = load_of("sphere", "adam", 50, 100)
    prepared = SimpleNamespace(
        kernel=SimpleNamespace(code=lambda groups: built.NOTHING._replace(local=5856)),
        groups=lambda pieces, width: [],
        bytes_per_lane=lambda load: 1000,
    )
    monkeypatch.setattr(device, "resident_threads", lambda: 132 * 2048)
    monkeypatch.setattr(device, "memory", lambda: (2 << 30, 80 << 30))
    channels = [SimpleNamespace(size=100_000_000), SimpleNamespace(size=50_000_000)]
    room = Room.found([load], prepared, [cut(load, 128)], 128, channels)
    assert room.pool == 132 * 2048 * 5856 == 1_583_087_616
    assert room.block == 128_000
    free = (2 << 30) + 150_000_000 - 1_583_087_616
    assert room.blocks == (int(free * SHARE) - load.bytes_of_all()) // 128_000
    # Nothing is left: one block is tried all the same.
    monkeypatch.setattr(device, "memory", lambda: (1 << 30, 80 << 30))
    assert Room.found([load], prepared, [cut(load, 128)], 128, channels).blocks == 1


def program_of(dtype="float64", shapes=((100, 128), (128,))):
    rows = np.arange(len(shapes) + 1)
    return SimpleNamespace(
        dtype=np.dtype(dtype), layout=SimpleNamespace(state={"m": 0.0, "v": 0.0}),
        tensor_table=tensor_table(shapes, rows),
    )  # fmt: skip


@pytest.mark.parametrize("own", [0, 1024])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("most", [49_152, 232_448])
def test_shared_memory_holds_what_the_kernel_has_of_itself(own, dtype, most, monkeypatch):
    from optbench.kernels.cuda import device, net_launch

    monkeypatch.setattr(net_launch, "THREADS", 128)
    monkeypatch.setattr(device, "shared_limit", lambda: most)
    program = program_of(dtype)
    item = program.dtype.itemsize
    # Sums over threads, over groups of them, tiles of products, and what threads hand on.
    reserved = 128 + 12 + 16 * 128 + 4
    for n in (100, 782, 783, 801, 802, 2000, 2386, 2387, 5350, 5380, 5400, 12_000):
        found = net_launch.arranged(program, n, own)
        limit = most if (5 * n + reserved) * item + own <= most else 49_152
        assert found.near * item + own <= limit
        left = (limit - own) // item - reserved
        arrays = []  # x, g, both states, y: what still fits is near
        for size in (n, n, 2 * n, n):
            arrays.append(size <= left)
            left -= size * arrays[-1]
        places = [found.places[name] >= 0 for name in ("x", "g", "state", "y")]
        assert places == arrays


@pytest.mark.parametrize(
    ("shapes", "threads"),
    [
        (((4, 10), (10,), (10, 3), (3,)), 32), (((4, 32), (32,)), 32), (((4, 33), (33,)), 64),
        (((4, 64), (64,), (64, 2), (2,)), 64), (((784, 512), (512,), (512, 10), (10,)), 128),
    ],
)  # fmt: skip
def test_narrow_nets_have_blocks_of_fewer_threads(shapes, threads, monkeypatch):
    from optbench.kernels.cuda import net_launch

    monkeypatch.setattr(net_launch, "THREADS", 128)
    assert net_launch.threads_of(program_of(shapes=shapes)) == threads
