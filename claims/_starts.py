"""Nets as they start, and how large signals and gradients are in their layers."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from optbench.claims.draws import Draw, Lanes
from optbench.claims.experiment import Floats, Scores, tuned
from optbench.claims.nets import mlp
from optbench.define.draws import stream_key
from optbench.nets import MLP, Net
from optbench.nets import data as net_data

SIGMA = 0.01
"""Standard deviation of the scheme "normal"; with a gain of s / SIGMA it is s."""
RATES = np.geomspace(0.03, 3.0, 9)
ADAM_RATES = np.geomspace(1e-3, 0.1, 9)
"""What is tuned over, of gradient descent and of Adam on small nets."""


class Start(NamedTuple):
    """A net with its first parameters, and examples of its training part."""

    net: MLP
    params: Floats
    X: Floats
    y: Any


def started(
    lanes: Lanes,
    data: str,
    hidden: tuple[int, ...],
    activation: str,
    scheme: str,
    gain: float = 1.0,
    examples: int = 64,
    **options: Any,
) -> Iterator[Start]:
    """Yield the net of each lane; lanes of the same number start alike where shapes agree."""
    for number in lanes.instances:
        X, y = net_data.split(data, number).train
        net = MLP((X.shape[1], *hidden, _outputs(data)), activation, **options)
        params = net.init_from(stream_key("claims", number), scheme, gain)
        yield Start(net, params, X[:examples], y[:examples])


def _outputs(data: str) -> int:
    return net_data.load(data).classes


def rms(values: Floats) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values))))


def signals(start: Start) -> Floats:
    """Return how large the outputs of each hidden layer are."""
    return np.array([rms(h) for h in start.net.outputs(start.params, start.X)[:-1]])


def gradients(start: Start) -> Floats:
    """Return how large the gradient of the weights of each hidden layer is."""
    _, grad = start.net.loss_and_grad(start.params, start.X, start.y)
    return np.array([rms(W) for W in start.net.weights(grad)[:-1]])


def by_layer(sizes: Floats, measure: Floats) -> Scores:
    """Return a measure [n] with the median sizes [n, layers] as its curve."""
    return Scores(measure, curve=(np.arange(1, sizes.shape[1] + 1), np.median(sizes, axis=0)))


def flow(starts: Iterator[Start]) -> Scores:
    """Return the gradient of the first hidden layer in shares of that of the last one."""
    sizes = np.array([gradients(start) for start in starts])
    return by_layer(sizes / sizes[:, -1:], sizes[:, 0] / sizes[:, -1])


def trained(
    draw: Draw,
    data: str,
    hidden: tuple[int, ...],
    rule: str = "sgd",
    steps: int = 60,
    lr: ArrayLike = RATES,
    **options: Any,
) -> Scores:
    """Return the training loss after some steps, at the rate that is best on the tuning lanes."""
    net = mlp(data, hidden, **{"batch": 16, **options})
    return tuned(net, rule, draw, lambda run: run.train_loss, steps=steps, lr=lr, records=4)


def descended(start: Start, lr: float, steps: int) -> Floats:
    """Return the parameters after gradient descent on a start's examples."""
    params = start.params.copy()
    for _ in range(steps):
        params -= lr * start.net.loss_and_grad(params, start.X, start.y)[1]
    return params


def through_time(net: Net, params: Floats, X: Floats, step: int) -> float:
    """Return how large the slope of the outputs in the inputs of a time step is, 1, 2, ....

    By central differences: a change of the inputs of that step alone is followed to the outputs.
    """
    change = np.zeros((len(X), *net.input))
    change[:, step - 1] = 1e-5
    change = change.reshape(len(X), -1)
    return rms(net.predict(params, X + change) - net.predict(params, X - change)) / 2e-5
