"""Names of the field that are settings here: each setting makes the steps of what has the name."""

import re
from pathlib import Path

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError
from optbench.rules import registry
from optbench.rules.other_names import OTHER_NAMES

from .references import distance

LR = 0.02


def tiger(x, g, t, memory):
    """Su 2023: the sign of the momentum, with decoupled decay."""
    memory["m"] = 0.965 * memory.get("m", 0.0) + 0.035 * g
    return x - LR * (np.sign(memory["m"]) + 0.01 * x)


def optimistic_gradient_descent(x, g, t, memory):
    """Daskalakis et al. 2018, from two gradients that are the first."""
    before = memory.get("g", g)
    memory["g"] = g
    return x - 2 * LR * g + LR * before


def sgdw(x, g, t, memory):
    """Loshchilov and Hutter 2019, alg. 1, as torch scales decay by the rate."""
    memory["v"] = 0.9 * memory.get("v", 0.0) + g
    return x - LR * memory["v"] - LR * 0.01 * x


def _mean(memory, name, value, beta):
    memory[name] = beta * memory.get(name, 0.0) + (1 - beta) * value
    return memory[name]


def nadamw(x, g, t, memory):
    """Dozat 2016, with the momenta of torch, and decay before the step."""
    now, after = (0.9 * (1 - 0.5 * 0.96 ** (0.004 * s)) for s in (t, t + 1))
    memory["product"] = memory.get("product", 1.0) * now
    m, v = _mean(memory, "m", g, 0.9), _mean(memory, "v", g**2, 0.999)
    of_g = (1 - now) * g / (1 - memory["product"])
    of_m = after * m / (1 - memory["product"] * after)
    return x - LR * 0.01 * x - LR * (of_g + of_m) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def adamaxw(x, g, t, memory):
    """Kingma and Ba 2015, alg. 2, with decoupled decay."""
    m = _mean(memory, "m", g, 0.9)
    memory["u"] = np.maximum(0.999 * memory.get("u", 0.0), np.abs(g) + 1e-8)
    return x - LR * 0.01 * x - LR * m / (1 - 0.9**t) / memory["u"]


def ali_g(x, g, t, memory):
    """Berrada, Zisserman and Kumar 2020, without momentum; f is 1 at every step."""
    return x - min(1.0 / (g @ g + 1e-5), LR) * g


def _cautious(step, g):
    agreeing = step * g > 0.0
    return agreeing * step * (step.size / (np.sum(agreeing) + 1.0))


def cautious_adamw(x, g, t, memory):
    """Liang et al. 2024, alg. 1: the mask on the whole step, decay included."""
    m, v = _mean(memory, "m", g, 0.9), _mean(memory, "v", g**2, 0.999)
    step = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8) + 0.01 * x
    return x - _cautious(LR * step, g)


def cautious_lion(x, g, t, memory):
    c = 0.9 * memory.get("m", 0.0) + 0.1 * g
    _mean(memory, "m", g, 0.99)
    return x - _cautious(LR * (np.sign(c) + 1e-3 * x), g)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_the_setting_makes_the_steps_of_the_name(name):
    rng = np.random.default_rng(4)
    gradients, start = rng.standard_normal((60, 6)), rng.standard_normal(6)
    x, memory, points = start, {}, [start]
    for t, g in enumerate(gradients, 1):
        x = globals()[name](x, g, t, memory)
        points.append(x)
    optimizer = optbench.optimizer(OTHER_NAMES[name])
    iterates = optbench.replay(optimizer, gradients, start, values=np.ones(60), lr=LR)
    assert distance(iterates, np.array(points)) <= 1e-12


def test_who_asks_for_another_name_is_told_what_to_write():
    assert not set(OTHER_NAMES) & set(optbench.optimizers())
    with pytest.raises(SettingError, match=r"tiger is no rule of its own: it is lion\[beta1=0.965"):
        optbench.optimizer("tiger")
    assert registry.named().select("*") == list(optbench.optimizers())


def test_the_page_of_names_does_not_miss_what_is_here():
    """Whoever adds a rule takes it from the table of those that are not here."""
    page = Path(__file__).parents[2] / "docs" / "optimizers.md"
    absent = page.read_text("utf-8").partition("## Not here")[2]
    rows = [line.split("|")[1] for line in absent.splitlines() if line.startswith("| ")][1:]
    names = {
        re.sub(r"[^a-z0-9]", "", name.partition("(")[0].lower())
        for row in rows
        for name in row.split(",")
    }
    here = {name.replace("_", "") for name in optbench.optimizers()}
    assert len(names) > 40 and not names & here
