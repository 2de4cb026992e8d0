"""Orders of the examples: single ones, mini-batches, all at once; shuffled or as they are."""

import numpy as np
import pytest

import optbench
from optbench.define import net
from optbench.define.draws import mix, permuted, sample, stream_key
from optbench.errors import SettingError
from optbench.kernels.authors.retype import retype
from optbench.kernels.compiling.options import jit
from optbench.nets import MLP, batches, data, shuffling

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


@pytest.mark.parametrize("every", [1, 7, 40])
def test_classes_are_added(every):
    """Iris in the order 2, 0, 1: batches from the first two, and from all after `every` steps."""
    batch, steps, chosen = 20, 50, (2, 0, 1)
    problem = declared(batch, class_every=every, classes=chosen)
    renumbered = np.array([chosen.index(label) for label in Y])
    order = np.argsort(renumbered, kind="stable")
    inputs, labels = X[order], renumbered[order]
    np.testing.assert_array_equal(problem.net.p[: X.size].reshape(X.shape), inputs)
    (key,), seen, x = problem.keys([0]), [], problem.starts([0])[0].copy()
    for t in range(steps):
        added = min(t // every, 1)
        n = int((labels < 2 + added).sum())
        with np.errstate(over="ignore"):
            stream = mix(key, added)
            rows = [sample(stream, t - added * every, j, batch, n) for j in range(batch)]
        seen.append(set(labels[rows]))
        x -= LR * NET.loss_and_grad(x, inputs[rows], labels[rows])[1]
    assert all(classes == {0, 1} for classes in seen[:every])
    assert all(classes == {0, 1, 2} for classes in seen[every:])
    run = optbench.minimize("sgd", problem, steps=steps, lr=LR)
    np.testing.assert_allclose(run.x[0], x, rtol=1e-10, atol=1e-13)


def test_nine_classes_are_added_one_by_one_to_the_digits():
    definition = net(
        "digits_added", data="digits", sizes=(64, 10), batch=64, loss_target=0.1, error_target=0.1,
        class_every=5,
    )  # fmt: skip
    built = optbench.problem(definition, instance=2).net
    q, n = built.q, int(built.q[0])
    work, labels = np.zeros(built.work_size), built.p[1797 * 64 : 1797 * 64 + n]
    assert (np.diff(labels) >= 0).all()
    for t in range(60):
        with np.errstate(over="ignore"):
            _, answers = batches.gather(built.p, q, work, t, [stream_key("added")])
        assert answers.max() <= min(1 + t // 5, 9)
        known = set(range(2 + min(t // 5, 8)))
        assert set(labels[: batches.examples_below(built.p, 1797 * 64, n, max(known) + 1)]) == known
    assert set(answers.ravel()) == set(range(10))


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
