"""Values that others published or computed: papers, SciPy's benchmarks, the More-Wild set."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from .helpers import DEFINITIONS, constants, least_value, spread, value

FILE = Path(__file__).parents[1] / "oracles" / "surfaces.json"
THEIRS = [
    pytest.param(*row, id=f"{row[0]}-{len(row[2][0])}-{row[1]}")
    for row in json.loads(FILE.read_text())["values"]
]


@pytest.mark.parametrize(("name", "theirs", "points", "values"), THEIRS)
def test_values_are_those_of_scipys_benchmarks_and_more_wild(name, theirs, points, values):
    found = [value(DEFINITIONS[name], x) for x in points]
    np.testing.assert_allclose(found, values, rtol=1e-12)


# Moré, Garbow and Hillstrom 1981, sec. 3: the least values, six digits.
MGH_LEAST = [
    ("jennrich_sampson", 2, 124.362),
    ("bard", 3, 8.21487e-3),
    ("gaussian_fit", 3, 1.12793e-8),
    ("kowalik_osborne", 4, 3.07505e-4),
    ("osborne_1", 5, 5.46489e-5),
    ("osborne_2", 11, 4.01377e-2),
    ("watson", 6, 2.28767e-3),
    ("watson", 9, 1.39976e-6),
    ("penalty_1", 4, 2.24997e-5),
    ("penalty_1", 10, 7.08765e-5),
    ("meyer", 3, 87.9458),
    ("brown_dennis", 4, 85822.2),
    ("penalty_2", 4, 9.37629e-6),
    ("penalty_2", 10, 2.93660e-4),
    ("chebyquad", 8, 3.51687e-3),
    ("linear_rank_1", 10, 10 * 9 / (2 * 21)),
]
# NIST/ITL 1998, Statistical reference datasets: certified sums of squares and parameters.
CERTIFIED = {
    "eckerle_4": (1.4635887487e-3, [1.5543827178, 4.0888321754, 451.54121844]),
    "ratkowsky_42": (8.0565229338, [72.462237576, 2.6180768402, 0.067359200066]),
    "ratkowsky_43": (8786.4049080, [699.64151270, 5.2771253025, 0.75962938329, 1.2792483859]),
    "thurber": (
        5642.7082397,
        [1288.1396800, 1491.0792535, 583.23836877, 75.416644291, 0.96629502864, 0.39797285797,
         0.049727297349],
    ),
}  # fmt: skip
# Least values in the literature on global optimization (Jamil and Yang 2013; for trefethen
# Bornemann et al. 2004), as many digits as are given there.
GLOBAL_LEAST = {
    "six_hump_camel": -1.0316284534898774,
    "branin": 0.39788735772973816,
    "hartmann_3": -3.86278214782076,
    "hartmann_6": -3.32236801141551,
    "shekel": -10.5364098166920,
    "langermann": -5.1621261599,
    "bird": -106.7645367198034,
    "shubert": -186.7309088310239,
    "trefethen": -3.306868647475237280076113,
    "goldstein_price": 3.0,
    "mccormick": -1.913222954981037,
    "zettl": -0.003791237220468656,
    "deckkers_aarts": -24776.518342317686,
    "hole_beside_the_valley": 34.040243106640844,
    "el_attar": 1.7127803548622,
    "aluffi_pentini": -0.352386073800036,
    "judge": 16.0817301329604,
}


@pytest.mark.parametrize(("name", "dim", "least"), MGH_LEAST)
def test_least_values_are_those_of_more_garbow_and_hillstrom(name, dim, least):
    assert least_value(DEFINITIONS[name], dim) == pytest.approx(least, rel=5e-6, abs=0)


@pytest.mark.parametrize("name", CERTIFIED)
def test_regressions_have_the_certified_least_values_and_parameters(name):
    least, parameters = CERTIFIED[name]
    definition = DEFINITIONS[name]
    assert least_value(definition, definition.dim) == pytest.approx(least, rel=1e-10)
    assert spread(definition.minimum, definition.dim) == pytest.approx(parameters, rel=1e-9)


@pytest.mark.parametrize("name", GLOBAL_LEAST)
def test_least_values_are_those_of_the_literature(name):
    definition = DEFINITIONS[name]
    assert least_value(definition, definition.dim) == pytest.approx(GLOBAL_LEAST[name], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "expected"),
    [  # Moré and Wild 2009, Benchmarking derivative-free optimization algorithms, dfo.dat
        ("rosenbrock", 24.2),
        ("helical_valley", 2500.0),
        ("powell_singular", 215.0),
        ("freudenstein_roth", 400.5),
        ("bard", 41.68170),
        ("kowalik_osborne", 5.313172e-3),
        ("watson", 30.0),
        ("box_3d", 1031.154),
        ("jennrich_sampson", 4171.306),
        ("osborne_2", 2.093420),
        ("brown_dennis", 7926693.336997),
        ("chebyquad", 3.861770e-2),
        ("meyer", 1.693608e9),
        # Lukšan and Vlček 2000, Test problems for nonsmooth unconstrained optimization
        ("crescent", 4.25),
        ("mifflin", 4.75),
        # by hand
        ("wood", 19192.0),
        ("wolfe", 5.0 * math.sqrt(481.0)),
        ("brown_badly_scaled", 999998000003.0),
        ("max_hilbert", 137.0 / 60.0),
        ("chebyshev_rosenbrock", 1.0),
        ("cliff", 9e-4 - 1.0 + math.exp(20.0)),
        ("penalty_1", 14e-5 + 29.75**2),
        ("variably_dimensioned", 3.85 + 38.5**2 + 38.5**4),
        ("extended_rosenbrock", 2 * 24.2),
        ("cragg_levy", (math.e - 2) ** 4 + 1),
        ("nesterov_chain", 0.0),
        ("heavy_ball_cycle", 12.5 * 3.3**2 - 24.0 * 3.3 + 36.0),
    ],
)
def test_values_at_the_starts(name, expected):
    definition = DEFINITIONS[name]
    found = value(definition, spread(definition.start, definition.dim))
    assert found == pytest.approx(expected, rel=5e-7, abs=1e-14)


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("power_law_1", [1, 2, 3], 0.5 * (1 + 4 / 2 + 9 / 3)),
        ("power_law_2", [1, 2, 3], 1.5),
        ("discus", [1, 2, 3], 1e6 + 13),
        ("bent_cigar", [1, 2, 3], 1 + 13e6),
        ("double_sum", [1, 2, 3], 1 + 9 + 36),
        ("trid", [1, 2, 3], 0 + 1 + 4 - 2 - 6),
        ("hilbert", [1, 1], 0.5 * (1 + 1 + 1 / 3)),
        ("nesterov_chain", [1, 2], 0.5 * (1 + 1 + 4) - 1),
        ("zakharov", [1, 1], 2 + 1.5**2 + 1.5**4),
        ("log_sum_exp", [0.3, 0.3], math.log(math.cosh(0.3))),
        ("log_sum_exp", [1000, 0], 1000 - math.log(4)),
        ("huber", [3, 0.5, -2], 2.5 + 0.125 + 1.5),
        ("three_exponentials", [0, 0], 3 * math.exp(-0.1)),
        ("sum_of_powers", [-2, -2, -2], 4 + 8 + 16),
        ("l1", [1, -2, 0], 3),
        ("max_affine", [1, 2, -5], 2),
        ("max_affine", [-1, -2, 0], 3),
        ("sharp_ridge", [3, 3, 4], 9 + 500),
        ("quartic", [1, -2], 17),
        ("wolfe", [1, 2], 41),
        ("wolfe", [-2, 1], -18 + 16 + 512),
        ("sign_trap", [2, -1], 3.5),
        ("heavy_ball_cycle", [1.5], 0.5 * 1.5**2 + 24 * 1.5 - 12),
        ("reddi", [4], 40 / 101),
        ("reddi", [-3], -10 / 101),
        ("time_varying_quadratic", [1, 2], 2.5),
        ("deep_chain", [1, 2, 3], 12.5),
        ("strict_saddle_1", [0, 2, 2], 0.25 + 4),
        ("matrix_factorisation", [0] * 12, 2.5),
        ("plateau", [3, 4], 1 - math.exp(-12.5)),
        ("hill_and_hole", [1, 1], math.exp(-2)),
        ("schaffer_6", [math.pi / 2, 0], 0.5 + 0.5 / (1 + 0.00025 * math.pi**2) ** 2),
        ("levy", [5, 5], 1 + 10 * math.sin(1) ** 2 + 1),
        ("powell_badly_scaled", [0, 0], 1 + 0.9999**2),
        ("extended_rosenbrock", [1, 2, -1.2, 1], 100 + 24.2),
        ("brown_almost_linear", [1, 2, 3], 3**2 + 4**2 + 5**2),
        ("linear_rank_1", [1, 1], 2**2 + 5**2),
        (
            "lennard_jones",
            [0, 0, 0, 2, 0, 0, 0, 3, 0],
            2**-12 - 2**-5 + 3**-12 - 2 * 3**-6 + 13**-6 - 2 * 13**-3,
        ),
        ("cola", [0] * 17, 319.3652),
        ("bukin_6", [-15, -3], 100 * math.sqrt(5.25) + 0.05),
        ("price_4", [1, 1], 1 + 36),
        ("wayburn_seader", [1, 1], 225 + 1),
        ("damavandi", [7, 7], 2),
        ("damavandi", [2.5, 7], 2 + 4.5**2),
    ],
)
def test_values_worked_by_hand(name, x, expected):
    assert value(DEFINITIONS[name], x) == pytest.approx(expected, rel=1e-13, abs=1e-15)


def test_the_recurrent_cliff_is_fifty_steps_of_the_unit():
    for w, b in [(5.0, -2.0), (3.0, -1.0), (5.5, -2.9), (-4.0, 2.0)]:
        h = 0.5
        for _ in range(50):
            h = 1 / (1 + math.exp(-w * h - b))
        assert value(DEFINITIONS["recurrent_cliff"], [w, b]) == pytest.approx((h - 0.7) ** 2)


def matrix_factorisation(x):
    u, v = x.reshape(2, -1, 2)
    rest = u @ v.T
    rest[0, 0] -= 2
    rest[1, 1] -= 1
    return 0.5 * np.sum(rest**2)


def broyden_tridiagonal(x):
    padded = np.pad(x, 1)
    return np.sum(((3 - 2 * x) * x - padded[:-2] - 2 * padded[2:] + 1) ** 2)


def broyden_banded(x):
    near = np.tri(x.size, k=1) - np.tri(x.size, k=-6) - np.eye(x.size)
    return np.sum((x * (2 + 5 * x**2) + 1 - near @ (x * (1 + x))) ** 2)


def boundary_value(x):
    t = np.linspace(0, 1, x.size + 2)[1:-1]
    bend = (x + t + 1) ** 3 / (2 * (x.size + 1) ** 2)
    return np.sum((-np.diff(np.pad(x, 1), 2) + bend) ** 2)


def trigonometric(x):
    i = np.arange(1, x.size + 1)
    return np.sum((x.size - np.cos(x).sum() + i * (1 - np.cos(x)) - np.sin(x)) ** 2)


def whitley(x):
    y = 100 * (x[:, None] ** 2 - x) ** 2 + (1 - x) ** 2
    return np.sum(y**2 / 4000 - np.cos(y) + 1)


def biggs_exp6(x):
    t = np.arange(1, 14) / 10
    data = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
    model = x[2] * np.exp(-t * x[0]) - x[3] * np.exp(-t * x[1]) + x[5] * np.exp(-t * x[4])
    return np.sum((model - data) ** 2)


def gaussian_fit(x):
    t = (8 - np.arange(1, 16)) / 2
    data = np.round(np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi), 4)
    assert np.count_nonzero(data != constants(DEFINITIONS["gaussian_fit"], 3)) == 0
    return np.sum((x[0] * np.exp(-x[1] * (t - x[2]) ** 2 / 2) - data) ** 2)


TRANSCRIPTIONS = (
    matrix_factorisation, broyden_tridiagonal, broyden_banded, boundary_value, trigonometric,
    whitley, biggs_exp6, gaussian_fit,
)  # fmt: skip


@pytest.mark.parametrize("formula", TRANSCRIPTIONS, ids=lambda formula: formula.__name__)
def test_values_are_those_of_the_formula_in_arrays(formula):
    definition = DEFINITIONS[formula.__name__]
    rng = np.random.default_rng(3)
    low, high = (spread(side, definition.dim) for side in definition.box)
    for x in rng.uniform(low, high, (5, definition.dim)):
        assert value(definition, x) == pytest.approx(formula(x), rel=1e-12)
