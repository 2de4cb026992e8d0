"""COCO's instances of the BBOB functions: random numbers, rotations, x_opt and f_opt.

Source: Hansen, Finck, Ros and Auger 2009, Real-parameter black-box optimization benchmarking 2009:
noiseless functions definitions; where the report is silent, the suite of the COCO platform, whose
values are the reference (Hansen et al. 2021, COCO: a platform for comparing continuous optimizers
in a black-box setting).
"""

import math

import numpy as np

from optbench.define import problem

DIMENSIONS = (2, 3, 5, 10, 20, 40)
SOURCE = (
    "Hansen, Finck, Ros and Auger 2009, Real-parameter black-box optimization benchmarking 2009: "
    "noiseless functions definitions, f{}"
)
SECOND_ROTATION = 1_000_000
"""What is added to an instance's seed for the rotation that the report calls R."""
_SHARED_SEEDS = {4: 3, 18: 17}
_MODULUS = 2**31 - 1


def bbob(number, tags, family, scratch=0):
    """Return the decorator that declares BBOB function `number`."""
    return problem(
        start=0.0, box=(-5.0, 5.0), tags=["bbob", *tags], source=SOURCE.format(number),
        family=f"bbob_{family}", dim=2, dims=DIMENSIONS, scalable=2, targets="absolute",
        scratch=scratch,
    )  # fmt: skip


def own(number, instance, x_opt, *constants, second_level=None):
    """Return an instance: `p` holds f_opt, x_opt and, one after the other, the constants."""
    f_opt = optimal_value(number, instance)
    p = np.concatenate([[f_opt], x_opt, *map(np.ravel, constants)])
    return dict(p=p, minimum=x_opt, f_min=f_opt, second_level=second_level)


def seed_of(number, instance):
    """Return the seed that an instance of a function draws with; f4 uses f3's and f18 f17's."""
    return _SHARED_SEEDS.get(number, number) + 10_000 * instance


def uniforms(count, seed):
    """Return numbers in (0, 1): Park and Miller's generator, shuffled after Bays and Durham."""
    state = max(1, abs(seed))
    table = [0] * 32
    for place in range(39, -1, -1):
        state = 16807 * state % _MODULUS
        if place < 32:
            table[place] = state
    drawn = np.empty(count)
    last = table[0]
    for i in range(count):
        state = 16807 * state % _MODULUS
        place = last // 67108865
        last, table[place] = table[place], state
        drawn[i] = last / _MODULUS
    return np.where(drawn == 0.0, 1e-99, drawn)


def normals(count, seed):
    """Return standard normal numbers (Box and Muller; `math`, since COCO calls the C library)."""
    u = uniforms(2 * count, seed)
    drawn = np.array(
        [
            math.sqrt(-2.0 * math.log(a)) * math.cos(2.0 * math.pi * b)
            for a, b in zip(u[:count], u[count:], strict=True)
        ]
    )
    return np.where(drawn == 0.0, 1e-99, drawn)


def rotation(seed, dim):
    """Return an orthogonal matrix [dim, dim]: normal columns after Gram and Schmidt."""
    columns = normals(dim * dim, seed).reshape(dim, dim)
    for i in range(dim):
        for j in range(i):
            columns[i] -= (columns[i] @ columns[j]) * columns[j]
        columns[i] /= math.sqrt(columns[i] @ columns[i])
    return columns.T


def optimal_point(seed, dim):
    """Return x_opt [dim], on a grid of 8e-4 in [-4, 4)."""
    x = 8.0 * np.floor(1e4 * uniforms(dim, seed)) / 1e4 - 4.0
    return np.where(x == 0.0, -1e-5, x)


def optimal_value(number, instance):
    """Return f_opt: a Cauchy number times 100, to two decimals, within +-1000."""
    seed = seed_of(number, instance)
    ratio = 100.0 * 100.0 * normals(1, seed)[0] / normals(1, seed + 1)[0]
    return min(1000.0, max(-1000.0, math.floor(ratio + 0.5) / 100.0))


def powers(base, dim):
    """Return base^(i / (dim - 1)) for i = 0 .. dim - 1: Lambda has sqrt(alpha) as its base."""
    return base ** (np.arange(dim) / (dim - 1))


def rotations(seed, dim):
    """Return the two rotations of an instance: R and Q."""
    return rotation(seed + SECOND_ROTATION, dim), rotation(seed, dim)


def mixed(seed, dim, base):
    """Return the matrix R Lambda Q of an instance."""
    R, Q = rotations(seed, dim)
    return (R * powers(base, dim)) @ Q
