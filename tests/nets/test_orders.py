"""Orders of the examples: single ones, mini-batches, all at once; shuffled or as they are."""

import numpy as np
import pytest

import optbench
from optbench.define import net
from optbench.define.draws import permuted, sample, stream_key
from optbench.errors import SettingError
from optbench.kernels.authors.retype import retype
from optbench.kernels.compiling.options import jit
from optbench.nets import MLP, data, shuffling

LR = 0.05
PARTS = data.split("iris", 1)
X, Y = PARTS.train
NET = MLP((4, 8, 3), "tanh")


def declared(batch, **options):
    """Return instance 1 of a net on iris."""
    definition = net(
        "flowers", data="iris", sizes=(4, 8, 3), activation="tanh", batch=batch, loss_target=1e-9,
        error_target=0.0, **options,
    )  # fmt: skip
    return optbench.problem(definition, instance=1)


def by_hand(problem, rows_of, steps):
    """Return parameters after SGD in NumPy on the examples ``rows_of(t)``."""
    x = problem.starts([0])[0].copy()
    for t in range(steps):
        rows = rows_of(t)
        x -= LR * NET.loss_and_grad(x, X[rows], Y[rows])[1]
    return x


@pytest.mark.parametrize("batch", [1, 20, 90])
@pytest.mark.parametrize("shuffle", [True, False])
def test_orders(batch, shuffle):
    problem, steps = declared(batch, shuffle=shuffle), 200 // batch + 3
    (key,), n = problem.keys([0]), len(Y)

    def rows_of(t):
        if not shuffle:  # on and on, over the end: with batches of 20 of 90 no example is left out
            return (t * batch + np.arange(batch)) % n
        with np.errstate(over="ignore"):
            return [sample(key, t, j, batch, n) for j in range(batch)]

    run = optbench.minimize("sgd", problem, steps=steps, lr=LR)
    np.testing.assert_allclose(run.x[0], by_hand(problem, rows_of, steps), rtol=1e-10, atol=1e-13)


def test_fixed_orders_visit_all_examples_alike():
    visits = np.zeros(len(Y), int)
    for t in range(9):
        np.add.at(visits, (t * 20 + np.arange(20)) % len(Y), 1)
    assert (visits == 2).all()


def test_all_lanes_meet_the_fixed_order_and_shuffled_ones_differ():
    start = declared(20).starts([0])[0]
    for shuffle, alike in ((False, True), (True, False)):
        problem = declared(20, shuffle=shuffle)
        run = optbench.minimize("sgd", problem, steps=5, lanes=3, lr=LR, start=start)
        assert np.array_equal(run.x[0], run.x[2]) == alike


def test_reduction_on_plateaus_and_clipping_run_on_nets():
    problem = declared(90)
    x, scale, best, bad = problem.starts([0])[0].copy(), 1.0, np.inf, 0
    for _ in range(60):
        loss, g = NET.loss_and_grad(x, X, Y)
        if loss < best * (1 - 0.1):
            best, bad = loss, 0
        else:
            bad += 1
        if bad > 2:
            scale, bad = scale * 0.5, 0
        g = np.clip(g, -0.05, 0.05)
        g *= min(1.0, 0.2 / (np.linalg.norm(g) + 1e-6))
        x -= 0.8 * scale * g
    text = "sgd[clip_value=0.05,clip_norm=0.2,plateau_factor=0.5,plateau_patience=2," \
        "plateau_threshold=0.1]"  # fmt: skip
    run = optbench.minimize(text, problem, steps=60, lr=0.8)
    assert scale < 0.3
    np.testing.assert_allclose(run.x[0], x, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("n", "rows"), [(1, 1), (2, 2), (5, 5), (341, 37), (70_000, 128)])
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_numbers_drawn_at_once_are_those_drawn_alone(n, rows, dtype):
    work, key, first = np.full(rows + 20, -1.0, dtype), stream_key(n, rows), (n - rows) // 2
    jit(retype(shuffling.draw_permuted, dtype))(work, 10, rows, key, first, n)
    expected = [permuted(key, first + j, n) for j in range(rows)]
    np.testing.assert_array_equal(work[10 : 10 + rows], expected)
    assert (work[:10] == -1.0).all() and (work[10 + rows :] == -1.0).all()


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_the_most_examples_of_a_dtype_can_be_numbered_and_are_the_most(monkeypatch):
    n = shuffling.most_examples("float32")
    work, key = np.zeros(64, np.float32), stream_key("most")
    jit(retype(shuffling.draw_permuted, "float32"))(work, 0, 64, key, n - 64, n)
    np.testing.assert_array_equal(work, [permuted(key, n - 64 + j, n) for j in range(64)])
    assert np.float32(n - 1) != np.float32(n) == np.float32(n + 1)
    monkeypatch.setattr(shuffling, "most_examples", lambda dtype: len(Y) - 1)
    optbench.minimize("sgd", declared(20), steps=1, lr=LR)
    with pytest.raises(SettingError, match="float32 numbers up to 89 training examples.*float64"):
        optbench.minimize("sgd", declared(20), steps=1, lr=LR, dtype="float32")
