"""Games: the gradient is each player's own slope, and following it need not lead anywhere."""

import numpy as np

from optbench.define import generator, problem


@problem(
    start=1.0,
    box=(-2.0, 2.0),
    tags=["convex", "game"],
    source="Korpelevich 1976, The extragradient method for finding saddle points; Daskalakis et "
    "al. 2018, Training GANs with optimism, sec. 2",
    dim=2,
    dims=(2, 10),
    target=1e-6,
)
def bilinear_game(x, g, p):
    """Min over u, max over v of (u - u*)' A (v - v*), where x = (u, v).

    g holds A (v - v*), down which u goes, and -A' (u - u*), so that v climbs. f is half the squared
    distance to the only saddle: simultaneous gradient descent leaves it at every rate.
    """
    d = len(x)
    half = d // 2
    saddle = half * half
    f = 0.0
    for i in range(d):
        away = x[i] - p[saddle + i]
        f += 0.5 * away * away
        g[i] = 0.0
    for i in range(half):
        for j in range(half):
            g[i] += p[i * half + j] * (x[half + j] - p[saddle + half + j])
            g[half + j] -= p[i * half + j] * (x[i] - p[saddle + i])
    return f


@bilinear_game.instance
def payoffs(dim, instance):
    """A of singular values from 1 down to 0.1, and a saddle in (-0.5, 0.5)."""
    half = dim // 2
    rng = generator("bilinear_game", dim, instance)
    left, right = (np.linalg.qr(rng.standard_normal((half, half)))[0] for _ in range(2))
    values = np.geomspace(1.0, 0.1, half) if half > 1 else np.ones(1)
    saddle = rng.uniform(-0.5, 0.5, dim)
    p = np.concatenate([((left * values) @ right).ravel(), saddle])
    return dict(p=p, minimum=saddle, f_min=0.0)
