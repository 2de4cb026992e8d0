"""Blocks: every lane is in one, none holds two draws, and no Vec reaches beyond its end."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import optbench
from optbench.kernels.cpu.blocking import block_width, chunks, even_width
from optbench.kernels.cpu.rooms import rooms
from optbench.kernels.driver.step_scalars import StepScalars
from optbench.kernels.memory import buffers
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import program, simulate
from tests.faults.mines import mined
from tests.surfaces import bowl, shaking_bowl

DTYPES = ("float64", "float32")
GUARD = 64
"""Bytes on either side of an array: a register."""


@st.composite
def cuts(draw):
    """A task's shape: how many lanes each draw has, the frame it is on, and lanes' settings."""
    sizes = draw(st.lists(st.integers(1, 70), min_size=1, max_size=12))
    frames = sorted(draw(st.integers(0, 3)) for _ in sizes)
    lanes = sum(sizes)
    settings = np.array(draw(st.lists(st.integers(0, 1), min_size=lanes, max_size=lanes)))
    settings *= draw(st.integers(0, 1))
    return SimpleNamespace(
        draw=np.repeat(np.arange(len(sizes)), sizes), frames=np.array(frames), f_ref=np.zeros(4),
        start=np.zeros((len(sizes), draw(st.sampled_from([1, 2, 10, 650])))),
        steps=draw(st.sampled_from([1, 10**6])), uniform=StepScalars.of_all(np.zeros((2, 1))),
        settings=settings, changes=np.diff(settings) != 0,
    )  # fmt: skip


@given(
    task=cuts(), draws=st.booleans(), vec_lanes=st.sampled_from([8, 16, 32]),
    dtype=st.sampled_from(DTYPES), states=st.integers(0, 3), by_lane=st.booleans(),
)  # fmt: skip
@settings(max_examples=200)
def test_every_lane_is_in_one_block_of_whole_vecs(task, draws, vec_lanes, dtype, states, by_lane):
    pair = SimpleNamespace(
        across=False, draws=draws, vec_lanes=vec_lanes, dtype=np.dtype(dtype),
        layout=SimpleNamespace(state=range(states), by_lane=by_lane, uniforms=1),
    )  # fmt: skip
    widest = block_width(task.start.shape[1], pair)
    seen = []
    for chunk in chunks(pair, task):
        cut = chunk.cut
        assert cut.columns % vec_lanes == 0 and cut.columns - vec_lanes < cut.width
        assert cut.width <= min(widest, cut.columns)
        blocks = (array[chunk.part] for array in (cut.first, cut.lanes, cut.draws, cut.frames))
        for first, columns, own_draws, frame in zip(*blocks, strict=True):
            lanes = np.arange(first, first + cut.width)
            assert columns[: cut.width].tolist() == lanes.tolist()
            assert (columns[cut.width :] == lanes[-1]).all()
            assert (own_draws == task.draw[columns]).all()
            assert set(task.frames[task.draw[lanes]]) == {frame}
            assert not draws or len(np.unique(task.draw[lanes])) == 1
            assert by_lane or len(np.unique(task.settings[lanes])) == 1
            seen += lanes.tolist()
    assert sorted(seen) == list(range(len(task.draw)))


@example(n=9, vecs=8, vec_lanes=1)
@example(n=2048, vecs=12, vec_lanes=8)
@given(n=st.integers(1, 5000), vecs=st.integers(1, 32), vec_lanes=st.sampled_from([1, 8, 16, 32]))
def test_equal_blocks_take_no_vec_more(n, vecs, vec_lanes):
    limit = vecs * vec_lanes

    def columns(width):
        return sum(-(-min(width, n - first) // vec_lanes) for first in range(0, n, width))

    width = even_width(n, limit, vec_lanes)
    assert width <= limit and (3 * width > limit or width == n)
    assert columns(width) <= columns(limit)
    equal = [w for w in range(1, limit + 1) if n % w == 0 and columns(w) <= columns(limit)]
    if equal and max(equal) > limit // 2:
        assert width == max(equal)


def test_a_net_is_a_block_of_its_own():
    task = SimpleNamespace(
        draw=np.arange(5), frames=np.zeros(5, int), f_ref=np.zeros(1), start=np.zeros((5, 128)),
        steps=3,
        uniform=StepScalars.of_all(np.zeros((3, 1))),
    )  # fmt: skip
    layout = SimpleNamespace(by_lane=False)
    net = SimpleNamespace(across=True, layout=layout, dtype=np.dtype("float64"))
    (chunk,) = chunks(net, task)
    cut = chunk.cut
    assert cut.first.tolist() == [0, 1, 2, 3, 4] and (cut.width, cut.columns) == (1, 64)
    assert cut.lanes.tolist() == [[0], [1], [2], [3], [4]]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("name", "lanes"),
    [("sphere", {"float64": 8, "float32": 16}), ("noisy_beale", 32), ("softmax_iris", 32)],
)
def test_columns_come_in_the_vecs_of_the_problem(name, lanes, dtype):
    pair = program(optbench.problem(name), optbench.optimizer("adam"), dtype)
    expected = lanes[dtype] if isinstance(lanes, dict) else lanes
    assert pair.vec_lanes == pair.problem.lanes == expected
    assert pair.draws == (name != "sphere")


@pytest.fixture
def guarded(monkeypatch):
    """Put guards around all memory that the engine allocates; return what looks at them."""
    whole = []

    def lined(size, real):
        count = size * real.itemsize
        memory = np.full(count + 3 * GUARD, 0xA5, np.uint8)
        first = GUARD + -(memory.ctypes.data + GUARD) % GUARD
        whole.append((memory, first, count))
        return memory[first : first + count].view(real)

    def untouched():
        assert len(whole) > 10
        for memory, first, count in whole:
            assert (memory[:first] == 0xA5).all() and (memory[first + count :] == 0xA5).all()

    monkeypatch.setattr(buffers, "_lined", lined)
    monkeypatch.setattr(buffers, "POISONED", True)
    monkeypatch.setattr(rooms, "kept", {})
    return untouched


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "rule", ["gd", "adam[clip_norm=1]", "schedule_free_sgd", "gd[noise_eta=1]"]
)
@pytest.mark.parametrize("definition", [bowl, shaking_bowl, mined, "softmax_iris"])
def test_no_launch_writes_beyond_its_arrays(definition, rule, dtype, guarded):
    problem = optbench.problem(definition)
    for trials in (1, 7, 8, 9, 17, 31, 32, 33, 300):
        starts, keys = problem.starts([1, 2]), problem.keys([1, 2])
        rates = {"lr": np.full(trials, 0.01)}
        inputs = LaneInputs.crossed(starts, keys, np.zeros(2, np.int64), rates)
        results = simulate(problem, optbench.optimizer(rule), inputs, Job(steps=2, dtype=dtype))
        assert np.isfinite(results.f_final).all()
    guarded()


def test_a_block_refuses_arrays_that_are_not_whole_vecs():
    block = optbench.problem("noisy_beale").compiled(np.float64).problem
    x, f, nothing = np.zeros((2, 16)), np.zeros(16), np.zeros(0)
    stream = np.zeros(1, np.uint64)
    with pytest.raises(ValueError, match="x has 16 columns, expected a multiple of 32"):
        block(x, x.copy(), f, nothing, np.zeros(0, np.int64), nothing, stream, 0, 1)
