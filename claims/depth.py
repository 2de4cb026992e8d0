"""What is said of depth: stacks of linear layers, depth against width, bottlenecks."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.theorems import deviation, excess
from optbench.define.draws import generator
from optbench.nets import MLP

from ._lectures import ARCHITECTURE, DESIGN
from ._starts import ADAM_RATES, trained


@claim(
    question="What can a stack of linear layers do?",
    says="A net of linear layers alone computes what one linear layer does, whose matrix is the "
    "product of theirs.",
    source=ARCHITECTURE,
    kind="theorem",
    settings={"3 layers": (8, 16, 4, 3), "6 layers": (8, 5, 32, 32, 7, 16, 3)},
    measure="difference between the outputs of both nets",
)
def linear_layers_are_one(sizes):
    """Biases are folded in as they pass the layers after them."""
    draws = generator("claims", "linear layers", len(sizes))
    deep, flat = MLP(sizes, "linear", loss="mse"), MLP((sizes[0], sizes[-1]), loss="mse")
    params, one = deep.init(1), flat.init(1, "zeros")
    matrix, offset = np.eye(sizes[0]), np.zeros(sizes[0])
    for W, b in deep.unflatten(params):
        b[:] = draws.standard_normal(b.shape)
        matrix, offset = matrix @ W, offset @ W + b
    ((W, b),) = flat.unflatten(one)
    W[:], b[:] = matrix, offset
    X = draws.standard_normal((50, sizes[0]))
    return deviation(deep.predict(params, X), flat.predict(one, X))


@claim(
    question="What can depth do that width cannot?",
    says="k layers of two ReLU units draw a sawtooth of 2^(k - 1) teeth, while one layer of n "
    "units has no more than n + 1 straight pieces, and so needs 2^k - 1 of them.",
    source=DESIGN,
    kind="theorem",
    settings={"2 layers": 2, "5 layers": 5, "9 layers": 9},
    measure="difference from the sawtooth, and pieces beyond n + 1",
)
def depth_draws_sawteeth(depth):
    """The tent map 2 relu(x) - 4 relu(x - 1/2) put into itself (Telgarsky 2016, lemma 3.10)."""
    net = MLP((1, *(2,) * depth, 1), "relu", loss="mse")
    params = net.init(1, "zeros")
    (first, *rest), teeth = net.unflatten(params), 2 ** (depth - 1)
    first[0][:] = 1.0
    for W, _ in rest:
        W[0], W[1] = 2.0, -4.0
    for _, b in (first, *rest[:-1]):
        b[1] = -0.5
    x = np.linspace(0.0, 1.0, 4 * teeth * 8 + 1)
    distance = np.abs(x * teeth - np.round(x * teeth))  # from the nearest valley
    missed = deviation(net.predict(params, x[:, None])[:, 0], 2.0 * distance)
    wide = MLP((1, 2 * depth, 1), "relu", loss="mse")
    draws = generator("claims", "sawtooth", depth)
    for seed in range(5):
        params = wide.init(seed)
        wide.unflatten(params)[0][1][:] = draws.standard_normal(2 * depth)
        y = wide.predict(params, np.linspace(-9.0, 9.0, 200_001)[:, None])[:, 0]
        bends = np.abs(np.diff(y, 2)) > 1e-9
        runs = int((np.diff(bends.astype(int)) == 1).sum()) + int(bends[0])
        missed = max(missed, excess(runs + 1, 2 * depth + 1))
    return missed


EQUAL = {
    "digits": ("digits", (32, 32, 32), (60,)),
    "parity of 8 bits": ("parity", (16, 16, 16), (65,)),
}


@claim(
    question="Is a deep net better than a wide one?",
    says="With as many parameters three layers reach a lower training loss than one.",
    source=DESIGN,
    settings=EQUAL,
    factor="the data",
    treatment="deep",
    control="wide",
    measure="training loss after 60 steps of Adam",
    margin=1.05,
)
def deep_against_wide(arm, setting, draw):
    """Equal to within 1 % of the parameters; each arm has its own best rate."""
    data, deep, wide = setting
    return trained(draw, data, deep if arm == "deep" else wide, "adam", 60, ADAM_RATES)


SHAPES = {
    "digits": ("digits", (48, 32, 16), (69, 2, 58)),
    "wine": ("wine", (24, 12, 6), (38, 2, 20)),
}


@claim(
    question="Does it matter how a net narrows?",
    says="Layers that narrow gently reach a lower training loss than a bottleneck of two units "
    "among wide layers, with as many parameters.",
    source=DESIGN,
    settings=SHAPES,
    factor="the data",
    treatment="gently",
    control="bottleneck",
    measure="training loss after 60 steps of Adam",
    margin=1.05,
)
def taper_against_bottleneck(arm, setting, draw):
    """Equal to within 1 % of the parameters; each arm has its own best rate."""
    data, gently, bottleneck = setting
    return trained(draw, data, gently if arm == "gently" else bottleneck, "adam", 60, ADAM_RATES)
