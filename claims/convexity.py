"""What is said of convexity and of kinks: what gradient descent needs, and what it does not."""

import numpy as np

import optbench
from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores
from optbench.claims.theorems import deviation, excess
from optbench.nets import MLP
from optbench.nets import data as net_data

from ._kinks import kink_slope_losses
from ._lectures import ARCHITECTURE, DESCENT
from ._shapes import kink_on_the_way, kinked, wavy_bowl

CURVATURE = {"rastrigin": 2.0 + 40.0 * np.pi**2, "cosine_mixture": 2.0 + 2.5 * np.pi**2,
             "egg_crate": 52.0}  # fmt: skip
"""The largest curvature anywhere: where cosines and squares add up."""


def descent(problem, lr, count, lanes=32, **options):
    """Return a record a step of lanes of gradient descent, by default from drawn starts."""
    return optbench.minimize(
        "gd", problem, steps=count, lanes=lanes, seed=1, lr=lr, records=10 * count, **options
    ).records


def largest_curvature(problem):
    """Return the largest curvature of a quadratic, from its gradients at unit vectors."""
    rows = [problem.grad(unit) - problem.grad(0.0 * unit) for unit in np.eye(problem.dim)]
    return float(np.linalg.eigvalsh(np.array(rows))[-1])


@claim(
    question="Does gradient descent find the minimum of convex functions?",
    says="On a convex function gradient descent of rate 1 / L is after k steps at most "
    "L d^2 / 2k above the minimum, d being its distance from it at the start.",
    source=DESCENT,
    kind="theorem",
    settings={
        "condition 100": "ellipsoid_1e2",
        "condition 10000, rotated": "rotated_ellipsoid_1e4",
        "sums of coordinates": "double_sum",
    },
    measure="excess of gaps over the bound, as a share of it",
)
def convexity_gives_the_minimum(name):
    """Theorem 10.21 of Beck 2017, First-order methods in optimization, over 300 steps."""
    problem = optbench.problem(name, instance=1)
    curvature = largest_curvature(problem)
    places = 3.0 * np.cos(np.arange(16.0 * problem.dim) ** 2).reshape(16, -1)
    run = descent(problem, 1.0 / curvature, 300, lanes=16, start=problem.minimum + places)
    squared = (places**2).sum(axis=1)
    later = run.steps > 0
    bound = curvature * squared[:, None] / (2.0 * run.steps[later])
    return excess((run.f[:, later] - problem.f_min) / bound, 1.0)


@claim(
    question="Does gradient descent come to rest where a function is not convex?",
    says="Convex or not, with rate 1 / L the smallest squared slope that gradient descent meets "
    "in k steps is at most 2 L / k times the gap at the start.",
    source=DESCENT,
    kind="theorem",
    settings=tuple(CURVATURE),
    measure="excess of the smallest squared slope over the bound, as a share of it",
)
def slopes_vanish_without_convexity(name):
    """The lecture wants convexity; for a point without slope it takes a bounded curvature alone.

    Nesterov 2004, section 1.2.3, on surfaces with many minima.
    """
    curvature = CURVATURE[name]
    problem = optbench.problem(name)
    run = descent(name, 1.0 / curvature, 40, lanes=16)
    slopes = problem.grad(run.x.reshape(-1, 2)).reshape(run.x.shape)
    smallest = np.minimum.accumulate((slopes**2).sum(axis=2), axis=1)[:, :-1]
    k = np.arange(1.0, smallest.shape[1] + 1.0)
    bound = 2.0 * curvature * (run.f[:, :1] - problem.f_min) / k
    return excess(smallest / bound, 1.0)


@claim(
    question="Can gradient descent be fast where a function is not convex?",
    says="On a surface that is not convex, but whose slope grows with its height, gradient "
    "descent falls at a geometric rate to the best minimum.",
    source=DESCENT,
    kind="theorem",
    settings={"rate 1 / L": 1.0, "rate 0.5 / L": 0.5},
    measure="excess of gaps over the bound, as a share of the gap at the start",
)
def descent_without_convexity(share):
    """The sum of x^2 + 3 sin(x)^2: L = 8, and the squared slope is at least f / 16.

    So a step of rate a / L leaves at most the share 1 - (2 a - a^2) / 256 (Karimi, Nutini and
    Schmidt 2016, theorem 1, with mu = 1 / 32).
    """
    run = descent(wavy_bowl(3.0), share / 8.0, 3000)
    left = 1.0 - (2.0 * share - share**2) / 256.0
    assert run.f[:, 0].min() > 0.0
    return excess(run.f / run.f[:, :1], left ** run.steps.astype(float))


@claim(
    question="Does gradient descent need convexity?",
    says="Gradient descent does not come to the minimum of a function that is not convex.",
    source=DESCENT,
    errs="A lecture asks for a convex function; convexity is sufficient for the best minimum, "
    "not necessary, and points without slope are found without it.",
    kind="theorem",
    settings={"no other minima": 3.0, "other minima on the slope": 10.0},
    measure="share of 64 starts from which it comes to the minimum",
)
def descent_needs_convexity(height):
    """The lecture calls convexity a requirement; it is sufficient, and not necessary.

    Starts lie within 10 of the minimum, and the rate is 1 / L.
    """
    run = descent(wavy_bowl(height), 0.5 / (1.0 + height), 4000, lanes=64)
    return float((run.f[:, -1] < 1e-10).mean())


@claim(
    question="What does a fixed rate do on a kink?",
    says="Once it has come to a kink, gradient descent with a fixed rate steps to and fro across "
    "it for ever, and the two distances from the kink add up to the rate.",
    source=DESCENT,
    kind="theorem",
    settings={"rate 0.1": 0.1, "rate 0.01": 0.01, "rate 0.001": 0.001},
    measure="error of the sum of distances, as a share of the rate",
)
def fixed_rate_swings_on_a_kink(lr):
    """The sum of |x|, whose slope does not fade: late steps of lanes from drawn starts."""
    run = descent(kinked(0.0), lr, 2500)
    distances = np.abs(run.x[:, -100:])
    return deviation((distances[:, 1:] + distances[:, :-1]) / lr, np.ones_like(distances[:, 1:]))


@claim(
    question="Which slope is to be taken at a kink?",
    says="With a rate that shrinks as 1 / sqrt(k) descent on |x| + |y| comes as near to the "
    "minimum as the bound for convex functions says, whichever slope is taken on a kink.",
    source=ARCHITECTURE,
    kind="theorem",
    settings={"that of the left side": -1.0, "0": 0.0, "that of the right side": 1.0},
    measure="excess of the best value over the bound",
)
def either_slope_will_do(side):
    """Shor 1985; Nesterov 2004, theorem 3.2.2. Starts are on kinks, or come to them."""
    starts = np.array([[0.0, 1.5], [2.0, 0.0], [1.0, 0.5], [0.0, 0.0], [1.7, 0.3]])
    run = descent(kinked(side), 0.5, 400, lanes=len(starts), start=starts, schedule="inverse_sqrt")
    rates = 0.5 / np.sqrt(np.arange(1.0, 401.0))
    travelled, squares = rates.cumsum(), (rates**2).cumsum()
    bound = ((starts**2).sum(axis=1)[:, None] + 2.0 * squares) / (2.0 * travelled)
    return excess(run.best[:, :-1], bound)


@claim(
    question="Does gradient descent need slopes everywhere?",
    says="Gradient descent does not come to the minimum of a function with a kink.",
    source=DESCENT,
    errs="A lecture asks for a derivative at every point; either slope will do at a kink, and "
    "what a kink takes is a rate that shrinks.",
    kind="theorem",
    settings={
        "kink at the minimum, fixed rate": ("minimum", "constant"),
        "kink at the minimum, rate 1 / k": ("minimum", "inverse"),
        "kink on the way, fixed rate": ("way", "constant"),
    },
    measure="share of 32 starts from which the value falls to a thousandth",
)
def descent_needs_slopes_everywhere(setting):
    """The lecture requires them; a fixed rate does, at a kink that is the minimum, and then only.

    Rates are 0.1, and 2 / k: the second must sum up to more than the way.
    """
    kink, schedule = setting
    problem = kinked(0.0) if kink == "minimum" else kink_on_the_way()
    run = descent(problem, 0.1 if schedule == "constant" else 2.0, 4000, schedule=schedule)
    return float((run.f[:, -1] < 1e-3 * run.f[:, 0]).mean())


@claim(
    question="Does it matter which slope a ReLU has at 0?",
    says="A ReLU net learns as well with the slope 1 at 0 as with the slope 0.",
    source=ARCHITECTURE,
    settings={
        "digits, as usual": ("digits", False),
        "wine, as usual": ("wine", False),
        "digits, whole numbers": ("digits", True),
        "wine, whole numbers": ("wine", True),
    },
    factor="how often units are at 0",
    treatment="slope 1",
    control="slope 0",
    measure="training loss after 100 steps",
    expects="equal",
    margin=1.05,
)
def either_slope_of_relu(arm, setting, draw):
    """Units are rarely at 0; with features of 0 and 1, and weights of -1, 0 and 1, they often are.

    Plain NumPy, for the engine has one ReLU: a hidden layer of 16, 100 examples, 32 a step.
    """
    steps, losses = kink_slope_losses(*setting, draw.scoring, slope=float(arm == "slope 1"))
    return Scores(losses[-1], curve=(steps, losses.mean(axis=1)))


def path_of(net, params, X, y, lr, added):
    """Return the last of 30 steps of gradient descent; `added`: examples' gradients are summed."""
    params = params.copy()
    for _ in range(30):
        if added:
            each = [net.loss_and_grad(params, X[i : i + 1], y[i : i + 1])[1] for i in range(len(X))]
            params -= lr * np.sum(each, axis=0)
        else:
            params -= lr * net.loss_and_grad(params, X, y)[1]
    return params


EXAMPLES = {"50 examples of wine": ("wine", 50), "20 digits": ("digits", 20)}


def ends_of(setting, share):
    """Return the ends of the paths with the sum at `share` of the rate, and with the mean."""
    data, m = setting
    X, y = net_data.split(data, 1).train
    net = MLP((X.shape[1], 8, int(y.max()) + 1), "tanh")
    start = net.init(1)
    summed = path_of(net, start, X[:m], y[:m], 0.1 * share(m), True)
    meant = path_of(net, start, X[:m], y[:m], 0.1, False)
    assert np.abs(meant - start).max() > 0.01
    return summed, meant


@claim(
    question="Sum or mean of gradients?",
    says="Gradient descent on the sum of the gradients of m examples goes the same way as on their "
    "mean, if its rate is divided by m.",
    source=DESCENT,
    kind="theorem",
    settings=EXAMPLES,
    measure="largest difference between parameters after 30 steps",
)
def sum_at_a_rate_over_m(setting):
    """The sum is added up here from gradients of single examples of a tanh net."""
    return deviation(*ends_of(setting, lambda m: 1.0 / m))


@claim(
    question="Does it matter whether gradients are added up or averaged?",
    says="It does not matter whether the gradients of examples are added up or averaged.",
    source=DESCENT,
    errs="The lectures use the sum and the mean of gradients as if they were one; they are the "
    "same path at rates that differ by the number of examples.",
    kind="theorem",
    settings=EXAMPLES,
    measure="largest difference between parameters after 30 steps at one rate",
)
def sum_or_mean_are_alike(setting):
    """The lecture has the gradient be one or the other, as if they were alike at one rate."""
    return deviation(*ends_of(setting, lambda m: 1.0))
