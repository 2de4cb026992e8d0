"""First steps of every rule by hand, and those of averages and sharpness-aware ascent."""

import math

import numpy as np
import pytest

import optbench

from .law_cases import RULES, random_inputs

MU1, MU2 = 0.45007347334, 0.45014693470  # 0.9 (1 - 0.96^0.004 / 2) and 0.9 (1 - 0.96^0.008 / 2)
FIRST_STEP = {
    # from x = 1 with f = 3, g = 2 and lr = 0.1, other settings by default: the new x, or the
    # reported one and x
    "gd": 0.8,
    "sgd": 0.8,
    "asgd": 0.79999,  # 1 - 0.1 (2 + 0.0001)
    "heavy_ball": 0.8,
    "momentum": 0.8,  # v = 2
    "momentum_inside": 0.8,  # v = 0.2
    "momentum_ema": 0.98,  # m = 0.2
    "nesterov": 0.62,  # v = 2, g + 0.9 v = 3.8
    "nesterov_sutskever": (0.8, 0.62),  # v = -0.2, and 0.9 v ahead of it
    "nesterov_convex": 0.8,  # t_1 - 1 = 0: no momentum yet
    "qhm": 0.93986,  # m = 0.002: 1 - 0.1 (0.3 2 + 0.7 0.002)
    "aggmo": 0.8,  # three velocities of 2
    "pid": -0.2,  # the sum is 2, there is no change yet: 0.1 (2 + 5 2)
    "pnm": 1.0 - 0.076 / 5**0.5,  # 0.1 0.19 2 2 over |(2, -1)|
    "adapnm": 1.0 - 0.38 / 5**0.5,  # as pnm, over 0.1 of Adam's correction and 2
    "adai": 0.8,  # its momentum is corrected
    "sign_sgd": 0.9,
    "signum": 0.9,
    "rprop": 0.9,
    "lion": 0.8999,  # 1 - 0.1 (1 + 0.001)
    "lars": 0.9999,  # 0.1 0.001 (1 / 2) 2
    "lamb": 0.9,  # a step of length |x| = 1
    "fromage": 0.9 / 1.01**0.5,
    "novograd": 1.0 - 0.2 / (2.0 + 1e-6),
    "adam_mini": 0.9,
    "stable_adamw": 0.899,
    "fadam": 0.985,  # m = 0.1 2 / 2, and 0.1 of x / 2
    "adamnorm": 0.9,  # the mean length 0.1 is below 2
    "amos": 0.945,  # 0.1 0.5 2 / 2, and half of (0.1 2 / 2)^2
    "sgdp": 0.62,  # in one dimension nothing is at right angles: as nesterov
    "adamp": 0.9,
    "mars_adamw": 0.9,  # the corrected gradient is clipped at 1
    "mars_lion": 0.9,
    "polyak": 0.8,  # 3 / 4 is more than lr
    "polyak_estimate": 0.8,  # 10 / 11 / 4 is more than lr
    "barzilai_borwein": 0.8,
    "dog": 1.0 - 2e-7,  # 2e-6 from the start, over 2
    "dowg": 1.0 - 0.2e-4 / 0.0201,  # 1e-4 / (sqrt 4e-4 + 1e-4)
    "cocob": 0.99,  # scaled gradient 0.2, bet 0.2 / (0.2 100 0.2), won 0.2
    "momo": 0.8,  # 3 / 4 is more than lr
    "momo_adam": 0.9,  # 0.3 / (0.2 0.2 / 2) is more than lr / 0.1: 1 - 1 (0.2 / 2)
    "dadapt_sgd": 1.0 - 1e-8,  # 0.1 of 1e-6 0.1 (2 / 2)
    "dadapt_adam": 1.0 - 1e-7,  # 1e-6 0.1, corrected as Adam
    "prodigy": 1.0 - 1e-7,
    "adagrad": 0.9,  # total = 4
    "rmsprop": 5e-8,  # v = 0.04: 1 - 0.2 / (0.2 + eps)
    "adam": 0.9,  # both corrected moments are those of g alone: 2 / 2
    "adamw": 0.899,  # 1 - 0.1 0.01 - 0.1
    # m = 0.2, v_hat = 4: 1 - 0.1 (2 + 0.2 mu_2 / (1 - mu_1 mu_2)) / 2
    "nadam": 0.9 - 0.01 * MU2 / (1 - MU1 * MU2),
    "adadelta": 1.0 - 0.2 * (1e-6 / 0.400001) ** 0.5,
    "adamax": 0.9,  # u = 2
    "amsgrad": 0.9,
    "radam": 0.8,  # rho_1 = 1: the corrected momentum alone
    "adagrad_norm": 1.0 - 0.2 / 4.01**0.5,  # b^2 = 0.01 + 4
    "kate": 1.0 - 0.05 * 4.6**0.5,  # 0.1 sqrt(0.9 4 + 4 / 4) 2 / 4
    "ftrl": 2.8 / 3.0,  # z = 0.2 - 3, over 1 + 2
    "adabelief": 1.0 - 0.2 / 1.8,  # (g - m)^2 = 1.8^2
    "yogi": 1.0 - 0.2 / (4.001**0.5 + 1e-3),  # v = 1e-6 + 0.001 4
    # the rate 0.5 lies between its bounds, m = 0.2 and v = 0.004; Adam corrects by 10 sqrt 0.001
    "adabound": 1.0 - 0.2 * 0.001**0.5 / (0.004**0.5 + 1e-8),
    "adamod": 1.0 - 1e-5,  # the mean of rates is 0.0001 0.5
    "padam": 1.0 - 0.02 / (0.004**0.5 + 1e-8) ** 0.5,
    "diffgrad": 1.0 - 0.2 * 0.001**0.5 / (0.004**0.5 + 1e-8) / (1.0 + math.exp(-2.0)),
    "qhadam": 0.9,
    "adan": 0.9,  # there is no change of the gradient yet
    "adam_atan2": 1.0 - 0.1 * math.atan2(2.0, 2.0),
    "optimistic_adam": 0.9,  # the step does not change yet
    "msvag": 0.8,  # there is no variance yet
    "adamg": 1.0 - 1e-3 * 0.004**0.24,  # r = 0.05 0.2 v^0.24, and 0.1 of it
    # both moments are corrected by almost 2: m = 0.2, v = 0.004
    "exadam": 1.0 - 2.2 * (1 + 0.999 / (1 + 2.5e-6)) / (2 * (1 + 0.9 / (1 + 2.5e-7)) ** 0.5 + 1e-8),
    "ano": 0.9,
    "laprop": 0.9,
    "acprop": 0.8,  # the first gradient is not divided
    "avagrad": 1.0,  # the first step takes the moments alone
    "adashift": 1.0,  # it waits for ten gradients
    "simplified_ademamix": 0.9,  # m = 2
    "swats": 1.0 - 0.2 * 0.001**0.5 / (0.004**0.5 + 1e-9),
    "adahessian": 1.0 - 0.2 / 1.0001,  # estimates are 1
    "sophia": 0.9,  # 0.08 / 1e-4 is more than 1
    "ademamix": 0.89995,  # 0.1 (2 + 5 0.0002) / 2
    "adopt": 1.0,  # the first gradient only gives v
    "madgrad": 1.0 - 0.1 * 0.200002 / (0.400004 ** (1 / 3) + 1e-6),
    "schedule_free_sgd": 0.8,  # z = 0.8 and its average are one point
    "schedule_free_adamw": 0.9,
    "schedule_free_radam": 1.0,  # no rate yet
}


@pytest.mark.parametrize("rule", RULES)
def test_first_step_is_hand_arithmetic(rule):
    expected = FIRST_STEP[rule]
    expected = expected if isinstance(expected, tuple) else (expected, expected)
    for points, after in zip(("reported", "query"), expected, strict=True):
        iterates = optbench.replay(rule, [[2.0]], [1.0], values=[3.0], lr=0.1, points=points)
        assert iterates[0, 0] == 1.0
        assert iterates[1, 0] == pytest.approx(after, rel=0, abs=1e-9)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("gd", [0.0, -0.1, -0.2, -0.3]),
        ("momentum", [0.0, -0.1, -0.29, -0.561]),  # v = 1, 1.9, 2.71
        ("nesterov", [0.0, -0.19, -0.461, -0.8049]),  # 1 + 0.9 v = 1.9, 2.71, 3.439
        ("adagrad", [0.0, -0.1, -0.170710678119, -0.228445705038]),  # 1, 1/sqrt 2, 1/sqrt 3
        ("adam", [0.0, -0.1, -0.2, -0.3]),
    ],
)
def test_constant_unit_gradient(rule, expected):
    iterates = optbench.replay(rule, np.ones((3, 1)), [0.0], lr=0.1)[:, 0]
    np.testing.assert_allclose(iterates, expected, rtol=2e-8, atol=1e-15)


def test_schedule_free_reports_the_average_and_queries_between():
    gradients = np.array([[1.0], [2.0], [-4.0]])
    run = dict(lr=0.5, beta=0.9)  # z = -0.5, -1.5, 0.5
    average = np.array([0.0, -0.5, -1.0, -0.5])
    z = np.array([0.0, -0.5, -1.5, 0.5])
    iterates = optbench.replay("schedule_free_sgd", gradients, [0.0], **run)
    np.testing.assert_allclose(iterates[:, 0], average, atol=1e-15)
    iterates = optbench.replay("schedule_free_sgd", gradients, [0.0], points="query", **run)
    np.testing.assert_allclose(iterates[:, 0], 0.1 * z + 0.9 * average, atol=1e-15)


def test_schedule_free_driver_reports_f_at_the_average():
    run = optbench.minimize("schedule_free_sgd", "rosenbrock", steps=50, lr=1e-3)
    problem = optbench.problem("rosenbrock")
    assert run.f[0] == pytest.approx(problem.value(run.x[0]), rel=1e-12)
    for x, f in zip(run.records.x[0], run.records.f[0], strict=True):
        assert f == pytest.approx(problem.value(x), rel=1e-12)


@pytest.mark.parametrize("rule", ["gd", "momentum", "adam"])
def test_sam_queries_x_plus_rho_times_the_unit_gradient(rule):
    gradients, _, start = random_inputs(5, 40)
    rho = 0.3
    query = optbench.replay(rule, gradients, start, points="query", sam_rho=rho)
    reported = optbench.replay(rule, gradients, start, sam_rho=rho)
    units = gradients / np.linalg.norm(gradients, axis=1, keepdims=True)
    np.testing.assert_allclose(query[1::2], query[:-1:2] + rho * units[::2], atol=1e-12)
    np.testing.assert_array_equal(reported[1::2], reported[:-1:2])
    np.testing.assert_array_equal(reported[::2], query[::2])
    # ... and the rule sees the second gradients alone, from the points before the ascent.
    alone = optbench.replay(rule, gradients[1::2], start)
    np.testing.assert_allclose(reported[::2], alone, rtol=1e-13)


def test_sam_hand_arithmetic():
    query = optbench.replay(
        "gd", [[3.0, 4.0], [1.0, -1.0]], [0.0, 0.0], points="query", lr=0.5, sam_rho=2.0
    )
    np.testing.assert_allclose(query, [[0.0, 0.0], [1.2, 1.6], [-0.5, 0.5]], rtol=1e-11)
