"""The kernels of nets with every part in turn: equal to plain Python, inside of their buffers."""

import numpy as np
import pytest

from optbench.nets import MLP, network, packing
from optbench.nets.operations import batch_norm, dropout
from optbench.nets.tape import records
from optbench.nets.tape.operations import NUMBERS

from .helpers import call as call_kernel
from .helpers import data_set, random_case
from .helpers import measure as measure_kernel

VARIANTS = [
    {"activation": "relu", "loss": "mse", "l1": 0.1, "l2": 0.2},
    {"activation": "gelu", "batch_norm": True, "ghost_batch": 3, "dropout": 0.25},
    {"activation": ["elu", "prelu"], "layer_norm": True, "dropout": [0.2, 0.1, 0.3]},
    {"activation": "silu", "loss": "huber", "batch_norm": True, "bn_eval": "running"},
    {"activation": "softplus", "loss": "binary_cross_entropy", "residual": True},
    {
        "activation": ["sigmoid", "tanh"], "label_smoothing": 0.1, "tied": {3: 2},
        "sizes": (64, 6, 10, 6),
    },
    {
        "activation": "leaky_relu", "loss": "mae", "shared": {2: 1}, "residual": True,
        "sizes": (64, 64, 64, 10),
    },
]  # fmt: skip


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_compiled_equals_plain_python(options):
    facts = {"sizes": (64, 6, 6, 10), **options}
    classes = facts["sizes"][-1]
    net = MLP(**facts)
    rng = np.random.default_rng(1)
    parts = [(rng.standard_normal((n, 64)), rng.integers(0, classes, n)) for n in (290, 20, 10)]
    if net.loss != "cross_entropy":
        parts = [(X, np.eye(classes)[y]) for X, y in parts]
    p, q = data_set(net, parts, 5)
    params, stream = net.init(3) + 0.1, 9
    work, same = np.zeros(q[-1]), np.zeros(q[-1])

    def plainly(t, mode):
        x = params.reshape(-1, 64)
        g, f, key = np.full_like(x, np.nan), np.empty(64), np.full(64, stream, np.uint64)
        with np.errstate(over="ignore"):
            network.problem(x, g, f, p, q, same, key, t, mode)
        return f[0], g.ravel()

    for t, mode in ((3, 0), (4, 0), (0, 1)):
        f, g, _ = call_kernel(net, p, q, params, t, mode, stream, work)
        for a, b in zip(plainly(t, mode), (f, g), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)
    for part in (0, 1, 2):
        m = np.empty((2, 64))
        network.metrics(params.reshape(-1, 64), m, p, q, same, part)
        expected = measure_kernel(net, p, q, params, part, work)
        np.testing.assert_allclose(m[:, 0], expected, rtol=1e-10)


@pytest.mark.parametrize("options", [{}, *VARIANTS], ids=str)
@pytest.mark.parametrize("rows", [3, 300])
def test_buffers_end_where_the_layout_says(options, rows):
    # A guard beyond `work` must survive; the buffers are sized by the layout alone.
    facts = {"sizes": (3, 5, 5, 7), **options}
    net = MLP(**facts)
    X, y, _ = random_case(net.sizes, net.loss, rows)
    p, q = data_set(net, [(X, y), (X[:1], y[:1]), (X[:1], y[:1])], min(rows, 290))
    params = net.init(0)
    guarded = np.full(q[-1] + 1000, 123.0)
    guarded[0] = 0.0
    for mode in (0, 1):
        call_kernel(net, p, q, params, 0, mode, work=guarded[: q[-1]])
    assert (guarded[q[-1] :] == 123.0).all()


def test_buffers_do_not_overlap():
    # What a layer holds on its way back must not be another buffer's padding.
    net = MLP((4, 6, 6, 3), "gelu", batch_norm=[True, False], dropout=[0.1, 0.2, 0.3])
    q = net.integers([20, 0, 0, 4, 3, 9])
    starts = q[q[packing.RECORDS] :][: q[packing.N_RECORDS]]
    places = q[starts + records.OUT].tolist()
    places += [q[r + dropout.MASK] for r in starts if q[r] == NUMBERS["dropout"]]
    places += [q[r + batch_norm.STANDARD] for r in starts if q[r] == NUMBERS["batch_norm"]]
    assert len(places) == 9 + 3 + 1
    assert all(place % 64 == 0 for place in places)
    assert len(set(places)) == len(places)
    # On the way back a record reads the gradient of its output while it writes that of its input.
    ways_back = [(q[r + records.D_OUT], q[r + records.D_IN]) for r in starts]
    assert ways_back[0] == (-1, -1)  # nobody wants the gradient of the input's dropout
    assert all(out != into for out, into in ways_back[1:])
