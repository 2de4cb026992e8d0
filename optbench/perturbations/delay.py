"""What depends on the steps before: gradients that come late, a minimum that moves."""

from optbench.define.draws import quick_normal as normal
from optbench.define.perturbations import perturbation
from optbench.define.ranges import Range


@perturbation(
    drift=Range(1e-3, 0.0, 1e3),
    numbers=("speed",),
    tables=("direction",),
    kind="moved",
    source="Popkov 2005, Gradient methods for nonstationary unconstrained optimization problems",
    law="at step t the surface is the plain one moved by t x drift x distance along a direction",
    tags=("stochastic",),
)
def drift(x, z, drift, speed, direction, t):
    """The surface moves evenly: so many distances from start to minimum a step.

    Both distances are root mean squares over coordinates.
    """
    way = drift * speed * t
    for i in range(len(x)):
        z[i] = x[i] - way * direction[i]


@drift.constants
def _(site, drift):
    direction = site.rng.standard_normal(site.dim)
    return {
        "speed": site.distance,
        "direction": direction / (direction**2).mean() ** 0.5,
    }


@perturbation(
    wander=Range(1e-3, 0.0, 1e3),
    numbers=("speed",),
    kept=2,
    kind="moved",
    source="Widrow et al. 1976, Stationary and nonstationary learning characteristics of the LMS "
    "adaptive filter (random walk)",
    law="at step t the surface is the plain one moved by a sum of t independent Gaussian vectors "
    "of deviation wander x distance",
    tags=("stochastic",),
)
def wander(x, z, wander, speed, key, t, kept):
    """The surface goes a random walk, the same for all lanes of a block."""
    d = len(x)
    sigma = wander * speed
    now, before = (t % 2) * d, ((t + 1) % 2) * d
    for i in range(d):
        if t == 0:  # the same for all lanes
            kept[now + i] = 0.0
        else:
            kept[now + i] = kept[before + i] + sigma * normal(key, i)
        z[i] = x[i] - kept[now + i]


@wander.constants
def _(site, wander):
    return {"speed": site.distance}


@perturbation(
    stale=Range(4.0, 0.0, 1e5, whole=True),
    kept=lambda stale: int(stale) + 1,
    source="Recht et al. 2011, Hogwild!; Lian et al. 2015, Asynchronous parallel stochastic "
    "gradient for nonconvex optimization",
    law="the gradient at step t is that of step t - stale, of step 0 where there is none yet",
    tags=("stochastic",),
)
def stale(f, g, stale, t, kept):
    """Gradients that are some steps old, as asynchronous workers send them; values are not.

    Of a rule that takes two gradients a step both are the last one that was taken at that step.
    """
    d, old = len(g), int(stale)
    now = (t % (old + 1)) * d
    seen = (max(t - old, 0) % (old + 1)) * d
    for i in range(d):
        kept[now + i] = g[i]
        g[i] = kept[seen + i]
    return f


@perturbation(
    lag=Range(0.9, 0.0, 1.0, open_high=True),
    kept=2,
    source="Åström and Murray 2008, Feedback systems, sec. 5.3 (first-order response)",
    law="the gradient seen at step t is lag times that seen before plus 1 - lag times the gradient "
    "there, from the gradient of step 0 on",
    tags=("stochastic",),
)
def lag(f, g, lag, t, kept):
    """Gradients that remember those before, as behind a filter or an average of workers."""
    d = len(g)
    now, before = (t % 2) * d, ((t + 1) % 2) * d
    for i in range(d):
        if t > 0:  # the same for all lanes
            g[i] = lag * kept[before + i] + (1.0 - lag) * g[i]
        kept[now + i] = g[i]
    return f
