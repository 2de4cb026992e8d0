"""BBOB's functions as problems, points to look at, and how closely numbers of them agree."""

import importlib

import numpy as np
import pytest

import optbench

NUMBERS = range(1, 25)
IN_FEW = [5, *(pytest.param(dim, marks=pytest.mark.conformance) for dim in (2, 3))]
"""Dimensions up to 8, which are compiled one by one: `make test` compiles one of them."""


def bbob(number, dim, instance=1):
    return optbench.problem(f"bbob_f{number:02d}", dim, instance)


def helpers(name):
    """Import a file that the catalog's problem files share."""
    inside = optbench.problems()["bbob_f01"].function.__module__.rpartition(".")[0]
    return importlib.import_module(f"{inside}.{name}")


def points(dim, count=10, seed=0, reach=6.0):
    """Random points in the box and a little beyond, where penalties act."""
    return np.random.default_rng([dim, seed]).uniform(-reach, reach, (count, dim))


def roundings(dim):
    """How often a number is rounded: in three sums over the coordinates, and in the formula."""
    return 3 * dim + 10


def through(problem, f, g, x):
    """Sizes that rounding acts on: f, its constant part, and z = M (x - x_opt), as it moves f."""
    moving = np.linalg.norm(g, axis=-1) * reach(problem, x)
    if "no_gradient" in problem.tags:  # f7: 0.1 sum p_i z_i^2 with p from 1 to 100, after rounding
        moving = 20.0 * np.sqrt(problem.dim) * np.abs(f - problem.f_min)
    return f, problem.f_min, 1.0, moving


def reach(problem, x):
    """|x| + |x_opt|: both are rounded before they are subtracted."""
    return np.linalg.norm(x, axis=-1) + np.linalg.norm(problem.minimum)
