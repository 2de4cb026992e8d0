"""Training one small net with Adam: our share of the peak of matrix products, and the peers.

The peak is the fastest of large float32 matrix products by the same BLAS. JAX scans over the steps,
torch trains as in a script, eagerly and compiled. A step draws its mini-batch without replacement,
gathers it and trains on it, for everyone: the peers' order is a NumPy permutation an epoch. Turns
are so long that what a run costs once (our objective at its ends, everyone's start) counts little.
"""

import functools
import time

import numpy as np
from threadpoolctl import threadpool_limits

from .cases import Case, best_peer
from .net_peers import checked, drawn_order, jax_run, torch_run
from .net_training import LARGE, NETS, trainer

PEAK = dict(zip(NETS, (0.32, 0.68, 0.76), strict=True))
PEERS = {
    "JAX scan": dict(zip(NETS, (1.3, 1.1, 1.3), strict=True)),
    "torch": dict(zip(NETS, (20.0, 4.0, 1.3), strict=True)),
    "torch, compiled": dict(zip(NETS, (20.0, 4.0, 1.3), strict=True)),
}
THREADS, LANES = 1.7, 64
LARGE_THREADS = 1.4


def flops(sizes, batch):
    """Return the operations of the matrix products of a step, forward and backward."""
    pairs = [a * b for a, b in zip(sizes[:-1], sizes[1:], strict=True)]
    return 2 * batch * (3 * sum(pairs) - pairs[0])


def contender(run, steps):
    """Return a function that returns nanoseconds a step."""

    def timed():
        began = time.perf_counter()
        run()
        return (time.perf_counter() - began) / steps * 1e9

    return timed


def product(n=1024, repeats=3):
    """Return nanoseconds that a float32 operation takes in a large matrix product."""
    from scipy.linalg.blas import sgemm

    a = np.asfortranarray(np.random.default_rng(0).random((n, n), np.float32))
    best = np.inf
    with threadpool_limits(1):
        for _ in range(repeats):
            began = time.perf_counter()
            sgemm(1.0, a, a)
            best = min(best, time.perf_counter() - began)
    return best / (2 * n**3) * 1e9


def ours(name):
    """Return our contender."""
    steps = NETS[name][-1]
    train, _ = trainer(name)
    return contender(lambda: train(steps), steps)


def peak_case(name):
    """Return the case that asks for a share of the peak."""
    sizes, _, batch, _, _ = NETS[name]

    def build():
        return {
            "optbench": ours(name),
            "matrix products at peak": lambda: product() * flops(sizes, batch),
        }

    def share(samples):
        mine, peak = samples.values()
        return min(peak) / min(mine)

    return Case("nets", f"share of the peak: {name}", build, share, PEAK[name], repeats=7)


def peer_case(name, peer):
    """Return the case against a peer."""
    steps = NETS[name][-1]

    def build():
        make = {
            "JAX scan": jax_run,
            "torch": functools.partial(torch_run, compiled=False),
            "torch, compiled": functools.partial(torch_run, compiled=True),
        }[peer]
        run = checked(name, make(name))
        return {
            "optbench": ours(name),
            peer: contender(lambda: run(drawn_order(name, steps)), steps),
        }

    return Case("nets", f"{peer}: {name}", build, best_peer(min), PEERS[peer][name], repeats=5)


def threads():
    """Yield the cases of two threads: 64 lanes of the smallest net, and one lane of a large one."""
    yield _two_threads(next(iter(NETS)), LANES, 200, THREADS)
    for name, facts in LARGE.items():
        yield _two_threads(name, 1, facts[-1], LARGE_THREADS)


def _two_threads(name, lanes, steps, asked):
    def build():
        train, _ = trainer(name, lanes)
        return {
            "2 threads": contender(lambda: train(steps, 2), steps),
            "1 thread": contender(lambda: train(steps, 1), steps),
        }

    of = f"{lanes} lane{'s' * (lanes > 1)} of {name}"
    return Case("net threads", of, build, best_peer(min), asked)


def cases():
    """Three nets against the peak and against the peers."""
    for name in NETS:
        yield peak_case(name)
        for peer in PEERS:
            yield peer_case(name, peer)
