"""What is said of momentum: its speed, how it swings, and how smooth its steps are."""

import numpy as np

import optbench
from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train, tuned
from optbench.claims.nets import mlp
from optbench.claims.theorems import deviation

from ._bowls import bowl
from ._lectures import MOMENTUM, OPTIMIZATION
from ._paths import cosines

RATES = np.geomspace(0.05, 3.6, 12)
"""In units of 1 / L, L the largest curvature: gradient descent is stable below 2."""
RHO = 0.9


@claim(
    question="How much faster is momentum downhill?",
    says="Under a steady gradient the step of momentum rho grows to 1 / (1 - rho) times that of "
    "gradient descent, so that its rate is that much smaller for the same speed.",
    source=OPTIMIZATION,
    kind="theorem",
    settings={"rho = 0.5": 0.5, "rho = 0.9": 0.9, "rho = 0.99": 0.99},
    measure="error of the last step, in steps of gradient descent at lr / (1 - rho)",
)
def speed_of_momentum(rho):
    """The geometric series of past gradients; after 4000 steps no power of rho is left."""
    gradients, lr = np.tile([1.0, -0.3], (4000, 1)), 0.01
    points = optbench.replay("momentum", gradients, np.zeros(2), lr=lr, momentum=rho)
    return deviation((points[-1] - points[-2]) / (-lr / (1.0 - rho)), gradients[-1])


@claim(
    question="Do gradients that swing cancel in momentum?",
    says="Gradients that change their sign at every step move momentum rho by 1 / (1 + rho) of a "
    "step of gradient descent, while steady ones move it by 1 / (1 - rho).",
    source=MOMENTUM,
    kind="theorem",
    settings={"rho = 0.5": 0.5, "rho = 0.9": 0.9, "rho = 0.99": 0.99},
    measure="error of the last step, in steps of gradient descent",
)
def swings_cancel(rho):
    """The first coordinate swings, the second does not; both are geometric series."""
    signs = np.where(np.arange(4000) % 2, -1.0, 1.0)
    gradients, lr = np.column_stack([signs, np.ones(4000)]), 0.01
    points = optbench.replay("momentum", gradients, np.zeros(2), lr=lr, momentum=rho)
    shares = np.array([1.0 / (1.0 + rho), 1.0 / (1.0 - rho)])
    return deviation((points[-2] - points[-1]) / lr, shares * gradients[-1])


@claim(
    question="Is momentum faster where curvatures differ widely?",
    says="On an ill-conditioned quadratic momentum comes closer to the minimum than gradient "
    "descent, each at its best rate.",
    source=OPTIMIZATION,
    settings={
        "condition 100, on the axes": ("ellipsoid_1e2", 1e2),
        "condition 100, rotated": ("rotated_ellipsoid_1e2", 1e2),
        "condition 10000, rotated": ("rotated_ellipsoid_1e4", 1e4),
    },
    factor="the condition number",
    treatment="momentum",
    control="gd",
    measure="gap after 200 steps",
    margin=1.5,
    known="Polyak 1964: a step leaves the share 1 - 2 / (sqrt(k) + 1) in place of 1 - 2 / (k + 1)",
)
def momentum_on_ill_conditioned(arm, setting, draw):
    """Rates are tuned in units of 1 / L, the same for both; momentum is 0.9."""
    surface, condition = setting
    rates = RATES / (2.0 * condition)
    return tuned(surface, arm, draw, lambda run: run.gap, steps=200, lr=rates, records=30)


@claim(
    question="Is momentum of 0.02 worth anything?",
    says="At a small rate the least momentum already brings descent closer to the minimum of a "
    "quadratic.",
    source=OPTIMIZATION,
    settings={
        "condition 100, on the axes": ("ellipsoid_1e2", 1e2),
        "condition 10000, rotated": ("rotated_ellipsoid_1e4", 1e4),
    },
    factor="the condition number",
    treatment="momentum",
    control="gd",
    measure="gap after 200 steps at the rate 0.5 / L",
    known="the larger root of z^2 - (1 + rho - a) z + rho is below 1 - a for a = lr h up to 0.5",
)
def least_momentum(arm, setting, draw):
    """Both arms have one rate, at which momentum rho makes 1 / (1 - rho) as many steps: 2 %."""
    surface, condition = setting
    hyper = {"momentum": 0.02} if arm == "momentum" else {}
    run = train(surface, arm, draw.scoring, steps=200, lr=0.25 / condition, **hyper)
    return run.gap[0]


@claim(
    question="Does momentum damp oscillation?",
    says="At the same rate momentum turns less from step to step than gradient descent.",
    source=OPTIMIZATION,
    settings={
        "rate 0.5 / L": (1e2, 0.5),
        "rate 1.9 / L": (1e2, 1.9),
        "rate 1.9 / L, condition 10000": (1e4, 1.9),
    },
    factor="the rate",
    treatment="momentum",
    control="gd",
    measure="mean cosine between successive steps, 40 of them",
    better="more",
    scale="difference",
    margin=0.1,
)
def momentum_damps_oscillation(arm, setting, draw):
    """Gradient descent swings across a valley only near the rate at which it becomes unstable.

    Below 1 / L it never turns, while momentum 0.9 overshoots; so the claim must be asked at both.
    """
    condition, share = setting
    run = train(
        bowl((1.0 / condition, 1.0)), arm, draw.scoring, steps=40, lr=share, records=400,
        points=True,
    )  # fmt: skip
    return Scores(cosines(run.points[0]).mean(axis=-1), arrows=run.points[0, 0, :16])


@claim(
    question="Are updates smoother with momentum?",
    says="On mini-batches successive updates of momentum agree more in direction than those of SGD "
    "of the same speed.",
    source=OPTIMIZATION,
    settings=("digits", "wine"),
    factor="the data",
    treatment="momentum",
    control="sgd",
    measure="mean cosine between successive updates, steps 20 to 40",
    better="more",
    scale="difference",
    margin=0.1,
)
def momentum_smooths_updates(arm, data, draw):
    """Momentum 0.9 has a tenth of the rate, which makes the speed the same."""
    rates = {"sgd": 0.1, "momentum": 0.1 * (1.0 - RHO)}
    run = train(
        mlp(data, (16,), batch=16), arm, draw.scoring, steps=40, lr=rates[arm], records=400,
        points=True,
    )  # fmt: skip
    turns = cosines(run.points[0])
    return Scores(turns[:, 20:].mean(axis=-1), curve=(np.arange(2, 41), turns.mean(axis=0)))


@claim(
    question="Does momentum come closer to a minimum through noise?",
    says="Of the same speed momentum has a slightly lower floor of noise than SGD.",
    source=OPTIMIZATION,
    settings={"rate 0.2 of curvature 1": 0.2, "rate 0.4 of curvature 1": 0.4},
    factor="the rate",
    treatment="momentum",
    control="sgd",
    measure="mean gap over the last 1000 of 2000 steps",
    pairs=20,
    known="a mode's variance is lr s^2 / (h (2 - c lr h)), with c = 1 of SGD and "
    "(1 - rho) / (1 + rho) of momentum whose rate is (1 - rho) lr",
)
def momentum_lowers_noise_floor(arm, rate, draw):
    """The stationary law of two linear recursions in white noise, on ten curvatures from 0.01 to 1.

    Both arms see the same noise. Of most curvatures the effect is a hundredth.
    """
    rates = {"sgd": rate, "momentum": rate * (1.0 - RHO)}
    run = train("noisy_quadratic", arm, draw.scoring, steps=2000, lr=rates[arm], records=20_000)
    return run.curve[0][:, 1000:].mean(axis=-1)
