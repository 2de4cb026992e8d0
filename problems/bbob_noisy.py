"""BBOB f101 - f130: eight of the noise-free functions, their values seen through noise.

Every function comes with Gaussian, uniform and Cauchy noise; sphere and Rosenbrock also with
moderate noise. Instances, starts and families are those of the noise-free functions, so that what
noise costs a method is a ratio. `_bbob_noise` has the models and says what a noisy gradient is; the
value that targets are measured by is free of noise.

Source: Hansen, Finck, Ros and Auger 2009, Real-parameter black-box optimization benchmarking 2009:
noisy functions definitions; the suite bbob-noisy of COCO, whose values are the reference.
"""

import numpy as np

from optbench.define import problem

from ._bbob_formulas import penalty
from ._bbob_instances import powers
from ._bbob_noise import SETTINGS, cauchy, disturbed, drawn, gaussian, uniform_powers
from .bbob_1_separable import bbob_f01
from .bbob_2_moderate import bbob_f07, bbob_f08, steps
from .bbob_3_ill_conditioned import bbob_f10, bbob_f14, turned
from .bbob_4_multimodal import bbob_f17, bbob_f19, schaffers
from .bbob_5_weak_structure import bbob_f21, gallagher

SOURCE = (
    "Hansen, Finck, Ros and Auger 2009, Real-parameter black-box optimization benchmarking 2009: "
    "noisy functions definitions, f{}"
)
DIMENSIONS = (2, 10)
"""Those that studies run which name none; the suite has six, and any from 2 on exists."""
MODERATE = 0.01
"""The strength of moderate noise; that of severe noise is 1."""
GRIEWANK_ROSENBROCK_SCALE = 0.1
"""f125 - f127 are a tenth of f19."""


# ------------------------------------------------------------------------------- seen through noise


def seen(x, g, p, key, full, excess):
    """Return the noisy value of a surface whose excess and its slopes `g` are given.

    The penalty outside of the box is free of noise; `full`, where it is not 0, asks for no noise.
    """
    at = len(p) - SETTINGS - 2
    f_opt, scale = p[at], p[at + 1]
    excess = scale * excess
    slope = scale
    if full == 0:
        factor, power, lift = drawn(p, key)
        excess, by_excess = disturbed(excess, factor, power, lift)
        slope = scale * by_excess
    for i in range(len(x)):
        g[i] = slope * g[i]
    return excess + penalty(x, g, 100.0) + f_opt


def noisy(surface):
    """Return a surface that fills g from x and p, seen through noise."""

    def function(x, g, p, key, full):
        """A BBOB function, its value seen through noise; the gradient is the noisy value's."""
        return seen(x, g, p, key, full, surface(x, g, p))

    return function


def noisy_with_room(surface):
    """The same of a surface that needs room to work in."""

    def function(x, g, p, z, key, full):
        """A BBOB function, its value seen through noise; the gradient is the noisy value's."""
        return seen(x, g, p, key, full, surface(x, g, p, z))

    return function


def flat(x, g, p, z, key, full):
    """f7 without its penalty, seen through noise; its gradient is taken as 0 everywhere."""
    f = seen(x, g, p, key, full, steps(x, g, p, z, 0.0))
    for i in range(len(x)):
        g[i] = 0.0
    return f


def schaffers_alone(x, g, p, z):
    """f17 without its penalty."""
    return schaffers(x, g, p, z, 0.0)


def gallagher_alone(x, g, p, z):
    """f21 without its penalty."""
    return gallagher(x, g, p, z, 101, 0.0)


# ---------------------------------------------------------------------------------------- declaring


def three(number, function, base, instance=None, strength=1.0, scale=1.0):
    """Declare functions `number` to `number` + 2: a base function with the three noises.

    Parameters
    ----------
    number : int
    function : callable
        The base function, seen through noise.
    base : ProblemDefinition
        The noise-free function, whose family, tags and instances are taken.
    instance : callable, optional
        ``instance(dim, instance) -> dict``, in place of the instances of `base`.
    strength : float
        1 is severe noise, 0.01 moderate noise.
    scale : float
        What the base function is multiplied by.
    """
    instance = instance or base.instance_function
    share = 0.05 if strength < 1.0 else 0.2
    models = (
        lambda dim: gaussian(strength),
        lambda dim: uniform_powers(strength, dim),
        lambda dim: cauchy(strength, share),
    )
    made = []
    for k, model in enumerate(models):
        declared = problem(
            name=f"bbob_f{number + k}", start=base.start, box=base.box, scratch=base.scratch,
            tags=[*base.tags, "stochastic", *(["heavy-tailed"] if k == 2 else [])],
            source=SOURCE.format(number + k), family=base.family,
            dim=2, dims=DIMENSIONS, scalable=2, targets="absolute",
        )(function)  # fmt: skip
        declared.instance(with_noise(instance, model, scale))
        made.append(declared)
    return made


def with_noise(base, model, scale):
    """Return instances whose constants end with the settings of a noise.

    f_opt stands among these, and not in front, so that the base function returns the excess.
    """

    def instances(dim, instance):
        """The instance of the noise-free function, and the settings of the noise."""
        own = base(dim, instance)
        p = np.array(own["p"])
        f_opt, p[0] = p[0], 0.0
        return {**own, "p": np.concatenate([p, [f_opt, scale, *model(dim)]])}

    return instances


def milder_ellipsoid(dim, instance):
    """f10 with the spectrum 1 .. 1e4."""
    return turned(10, dim, instance, powers(1e4, dim))


sphere = noisy(bbob_f01.function)
rosenbrock = noisy(bbob_f08.function)
bbob_f101, bbob_f102, bbob_f103 = three(101, sphere, bbob_f01, strength=MODERATE)
bbob_f104, bbob_f105, bbob_f106 = three(104, rosenbrock, bbob_f08, strength=MODERATE)
bbob_f107, bbob_f108, bbob_f109 = three(107, sphere, bbob_f01)
bbob_f110, bbob_f111, bbob_f112 = three(110, rosenbrock, bbob_f08)
bbob_f113, bbob_f114, bbob_f115 = three(113, flat, bbob_f07)
bbob_f116, bbob_f117, bbob_f118 = three(
    116, noisy_with_room(bbob_f10.function), bbob_f10, milder_ellipsoid
)
bbob_f119, bbob_f120, bbob_f121 = three(119, noisy_with_room(bbob_f14.function), bbob_f14)
bbob_f122, bbob_f123, bbob_f124 = three(122, noisy_with_room(schaffers_alone), bbob_f17)
bbob_f125, bbob_f126, bbob_f127 = three(
    125, noisy_with_room(bbob_f19.function), bbob_f19, scale=GRIEWANK_ROSENBROCK_SCALE
)
bbob_f128, bbob_f129, bbob_f130 = three(128, noisy_with_room(gallagher_alone), bbob_f21)
