"""What is said of noise in the gradient, and of a rate that stays or shrinks."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.draws import Lanes
from optbench.claims.experiment import Scores, train, tuned
from optbench.claims.theorems import deviation

from ._bowls import bowl
from ._lectures import DECAYING, DESCENT, MINI_BATCH, STOCHASTIC

POWER_LAW = tuple((i + 1.0) ** -1.5 for i in range(20))
"""Of Zhang et al. 2019, a model of what nets have."""
MANY = Lanes(1, tuple(range(1, 601)))
"""Lanes for expectations: of 256 coordinates each, that is 0.4 % of a variance."""
SURFACES = {
    "no noise, condition 10": bowl((1.0, 0.3, 0.1)),
    "no noise, condition 100": bowl((1.0, 0.1, 0.01)),
    "noise that vanishes at the minimum": bowl(POWER_LAW, share=1.0),
    "noise that stays": bowl(POWER_LAW, level=0.1),
    "mini-batches of real data": "logistic_breast_cancer",
}


@claim(
    question="Must the rate shrink where there is no noise?",
    says="Without noise a step at the fixed rate eta multiplies the distance from the minimum of a "
    "curvature h by |1 - eta h|, so that it converges below 2 / h and grows above.",
    source=DECAYING,
    kind="theorem",
    settings={f"eta h = {rate:g}": rate for rate in (0.5, 1.5, 1.99, 2.01, 3.0)},
    measure="share by which ten steps miss that power",
)
def fixed_rates_converge_below_two_over_h(rate):
    """The notes say that the rate must shrink; here it need not. Three curvatures at once."""
    curvatures = (0.25, 1.0, 4.0)
    for_h = np.array(curvatures)
    lanes = Lanes(1, (1, 2))
    near, far = (
        train(bowl(curvatures), "sgd", lanes, steps=steps, lr=rate / for_h).x for steps in (5, 15)
    )
    own = np.arange(len(curvatures))  # trial i has the rate of coordinate i
    shrunk = far[own, :, own] / near[own, :, own]
    return deviation(shrunk / (1.0 - rate) ** 10, np.ones_like(shrunk))


@claim(
    question="Must the rate shrink for convergence?",
    says="SGD comes closer to the minimum at a rate that shrinks as 1 / sqrt(k) than at a fixed "
    "one.",
    source=DECAYING,
    errs="A lecture says that the rate must shrink for convergence; without noise that lasts a "
    "fixed rate below 2 / h converges.",
    settings={
        name: (surface, steps, 8.0 if surface == "logistic_breast_cancer" else 1.9)
        for (name, surface), steps in zip(SURFACES.items(), (60, 400, 800, 4000, 4000), strict=True)
    },
    factor="the noise",
    treatment="a rate of c / sqrt(k)",
    control="a fixed rate",
    measure="gap at the end",
    margin=1.1,
)
def rates_must_shrink(arm, setting, draw):
    """The notes say so of all gradient descent. Both arms begin at a rate that is stable if fixed.

    That is below 2 / L, and 8 on the real data; it is chosen among 14. Where there is no floor the
    steps end before the gap is rounding alone.
    """
    surface, steps, high = setting
    schedule = {"a rate of c / sqrt(k)": "inverse_sqrt", "a fixed rate": "constant"}[arm]
    return tuned(
        surface, "sgd", draw, lambda run: run.gap, steps=steps,
        lr=np.geomspace(0.05, high, 14), records=40, schedule=schedule,
    )  # fmt: skip


@claim(
    question="Where does SGD end at a fixed rate?",
    says="With noise of deviation sigma in each slope the mean gap at the fixed rate eta ends at "
    "eta sigma^2 / (2 (2 - eta h)) in each direction of curvature h, within 2 %.",
    source=STOCHASTIC,
    kind="theorem",
    settings={
        f"eta h = {rate:g}, sigma = {level:g}": (rate, level)
        for rate, level in ((0.1, 1.0), (0.5, 1.0), (1.0, 0.1), (1.5, 1.0))
    },
    measure="share by which the mean gap misses the formula",
    margin=0.02,
)
def a_fixed_rate_ends_at_a_floor(setting):
    """The stationary variance of x' = (1 - eta h) x - eta sigma n, times h / 2."""
    rate, level = setting
    curvature = 2.0
    run = train(bowl((curvature,) * 256, level), "sgd", MANY, steps=120, lr=rate / curvature)
    floor = rate / curvature * level**2 / (2.0 * (2.0 - rate))
    return abs(run.f.mean() / 256.0 / floor - 1.0)


@claim(
    question="Does SGD ever reach the minimum?",
    says="At a fixed rate SGD never reaches the minimum but dances around it, so that after four "
    "times the steps it is where it was, within 25 %.",
    source=STOCHASTIC,
    settings={name: SURFACES[name] for name in list(SURFACES)[1:]},
    factor="the noise",
    treatment="16000 steps",
    control="4000 steps",
    measure="mean gap over the last half of the steps",
    expects="equal",
    margin=1.25,
)
def a_fixed_rate_dances(arm, surface, draw):
    """The rate is 0.2 / L, and 0.2 on real data; 4000 steps are eight times what is slowest there.

    Without noise, or where it vanishes, there is no floor.
    """
    steps = int(arm.partition(" ")[0])
    run = train(surface, "sgd", draw.scoring, steps=steps, lr=0.2, records=400)
    gaps = run.curve[0] - (run.f - run.gap)[0, :, None]
    late = run.steps > steps // 2
    return Scores(gaps[:, late].mean(axis=1), curve=(run.steps[1:], gaps.mean(axis=0)[1:]))


@claim(
    question="Is a low rate more precise?",
    says="With noise a rate that is lower by a twenty-fifth ends closer to the minimum.",
    source=DESCENT,
    settings={
        "ten equal curvatures": bowl((1.0,) * 10, level=1.0),
        "curvatures from 0.2 to 1": bowl((1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2), level=1.0),
    },
    factor="the curvatures",
    treatment="0.48 / L",
    control="0.5 / L",
    measure="gap after 200 steps",
    pairs=40,
    known="the floor eta sigma^2 / (2 (2 - eta h)) rises with eta: here by 4 to 6 %",
)
def lower_rates_are_more_precise(arm, surface, draw):
    """Both arms meet the same noise, so that a small difference shows."""
    rate = float(arm.partition(" ")[0])
    run = train(surface, "sgd", draw.scoring, steps=200, lr=rate, records=60)
    return run.gap[0]


@claim(
    question="Does less noise in the gradient show in the end?",
    says="At the same fixed rate batches that are larger by a tenth end closer to the minimum.",
    source=MINI_BATCH,
    settings={
        "ten equal curvatures": (1.0,) * 10,
        "curvatures of a power law": POWER_LAW[:10],
    },
    factor="the curvatures",
    treatment="batches of 11",
    control="batches of 10",
    measure="mean gap over the last 2000 of 3000 steps",
    pairs=200,
    known="the floor is proportional to sigma^2 / b: it falls by 9 %",
)
def larger_batches_end_lower(arm, curvatures, draw):
    """Noise of deviation 1 / sqrt(b), drawn for each arm apart, as batches of two sizes are."""
    size = int(arm.rpartition(" ")[2])
    lanes = draw.scoring
    if size == 11:  # other noise than the control's: lanes far from all that are used
        lanes = Lanes(lanes.study_seed, tuple(i + 1_000_000 for i in lanes.instances))
    run = train(bowl(curvatures, level=size**-0.5), "sgd", lanes, steps=3000, lr=0.2, records=40)
    late = run.curve[0][:, run.steps > 1000]
    return late.mean(axis=1)
