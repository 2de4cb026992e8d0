"""What is said of Nesterov's momentum."""

import numpy as np

import optbench
from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train, tuned
from optbench.claims.nets import mlp
from optbench.claims.theorems import Drawn, deviation

from ._bowls import bowl
from ._lectures import NESTEROV, OPTIMIZATION

QUADRATIC = tuple(float(h) for h in np.geomspace(0.01, 1.0, 10))
RHO = 0.9


@claim(
    question="What does Nesterov's momentum do in another order?",
    says="Nesterov's step is a jump by rho times the last step and then a correction by the "
    "gradient found there, while momentum takes the gradient before it jumps.",
    source=NESTEROV,
    kind="theorem",
    settings={
        "a narrow valley": ("rotated_ellipsoid_1e2", 0.012),
        "Rosenbrock's": ("rosenbrock", 2e-4),
    },
    measure="largest distance between the path and its two moves",
)
def jump_and_correct(setting):
    """Both paths are built move by move, with the problem's gradient, beside those of the engine.

    The picture has an arrow for each move: Nesterov's jump, then the correction; momentum's
    gradient step, then the jump.
    """
    surface, lr = setting
    problem, steps = optbench.problem(surface, 2, 1), 30
    misses, paths = [], {}
    for rule, name in (
        ("nesterov_sutskever", "Nesterov: jump, correction"),
        ("momentum_inside", "momentum: gradient step, jump"),
    ):
        run = optbench.minimize(
            rule, problem, steps=steps, seed=1, lr=lr, momentum=RHO, records=40 * steps
        )
        points = np.asarray(run.records.x[0])
        moves = _moves(rule, problem, points[0], lr, steps)
        misses.append(deviation(points, moves[::2]))
        paths[name] = moves[2:14]  # six steps, after the first, in which nothing is remembered
    return Drawn(max(misses), paths)


def _moves(rule, problem, start, lr, steps):
    """Return the points before, between and after the two moves of each step [2 steps + 1, 2]."""
    moves, velocity = [start], np.zeros_like(start)
    for _ in range(steps):
        x = moves[-1]
        if rule == "nesterov_sutskever":
            between = x + RHO * velocity
            after = between - lr * problem.grad(between)
        else:
            between = x - lr * problem.grad(x)
            after = between + RHO * velocity
        velocity = after - x
        moves += [between, after]
    return np.array(moves)


@claim(
    question="Is Nesterov's momentum better than momentum?",
    says="Nesterov's momentum ends lower than momentum, each at its best rate.",
    source=OPTIMIZATION,
    settings={
        "quadratic, condition 100": ("bowl", QUADRATIC),
        "Rosenbrock's valley": ("rosenbrock", None),
        "digits": ("net", (16,)),
        "digits, three hidden layers": ("net", (16, 16, 16)),
    },
    factor="the problem",
    treatment="nesterov",
    control="momentum",
    measure="value or training loss after 100 steps",
    margin=1.05,
)
def nesterov_beats_momentum(arm, setting, draw):
    """Both have momentum 0.9; Nesterov's is stable up to about a third of the rates only."""
    kind, what = setting
    if kind == "net":
        net, rates = mlp("digits", what), np.geomspace(0.005, 0.3, 11)
        return tuned(net, arm, draw, lambda run: run.train_loss, lr=rates, steps=100, records=3)
    problem = bowl(what) if kind == "bowl" else kind
    rates = np.geomspace(0.05, 3.7, 24) if kind == "bowl" else np.geomspace(1e-5, 1e-2, 24)
    return tuned(problem, arm, draw, lambda run: run.gap, lr=rates, steps=100, records=30)


@claim(
    question="Does correcting after the jump damp what momentum overshoots?",
    says="At the same rate and momentum Nesterov's form ends lower than momentum.",
    source=OPTIMIZATION,
    settings={
        "rho = 0.5, rate 0.1 / L": (0.5, 0.1),
        "rho = 0.9, rate 0.1 / L": (0.9, 0.1),
        "rho = 0.9, rate 1 / L": (0.9, 1.0),
        "rho = 0.99, rate 1 / L": (0.99, 1.0),
    },
    factor="how far momentum overshoots",
    treatment="nesterov",
    control="momentum",
    measure="value on a quadratic of condition 100 after 100 steps",
)
def nesterov_damps_overshoot(arm, setting, draw):
    """A mode of curvature h swings where lr h > (1 - sqrt(rho))^2, and shrinks as rho^(t / 2).

    Nesterov's shrinks as (rho (1 - lr h))^(t / 2), which is faster; but a mode that does not swing
    is slower with it, since s^2 - (1 - rho + (1 + rho) a) s + a = 0 has a smaller root than
    s^2 - (1 - rho + a) s + a = 0, a = lr h, where a step leaves 1 - s.
    """
    rho, rate = setting
    run = train(bowl(QUADRATIC), arm, draw.scoring, steps=100, lr=rate, momentum=rho, records=100)
    return Scores(run.f[0], curve=(run.steps, np.median(run.curve[0], axis=0)))
