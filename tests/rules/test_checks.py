"""The laws of `optbench check` hold for every rule and for every wrapper around one.

Their functions are tried here. The rules keep the same laws in `test_laws.py`, every one of them.
"""

import math

import numpy as np
import pytest

import optbench
from optbench.cli.checks import optimizers as laws
from optbench.define import Log, optimizer
from tests.thinning import sampled

from .plain import plain_replay

AROUND = [
    "adam[clip_value=0.5,l2=0.1]", "momentum[l1=0.1,l1_prox=0.1]", "gd[centralise=true]",
    "adam[cautious=true,decay=0.1]", "momentum[lookahead_steps=3,ema=0.9]", "gd[tail=0.3]",
    "adam[noise_eta=0.01,clip_norm=1]", "momentum[sam_rho=0.1,cautious=true,lookahead_steps=2]",
    "adam[schedule=one_cycle,warmup=0.1]", "gd[plateau_factor=0.5,plateau_patience=3]",
]  # fmt: skip


@pytest.mark.parametrize("spec", sampled([*optbench.optimizers(), *AROUND], 15))
def test_no_law_is_broken(spec):
    report = laws.report(optbench.optimizer(spec))
    assert not report.failed, [finding for finding in report.findings if finding.failed]
    assert len(report.findings) == len(laws.LAWS.functions)


@pytest.mark.parametrize("spec", AROUND)
def test_compiled_equals_plain_python(spec):
    rule = optbench.optimizer(spec)
    for seed in range(4):
        gradients, values, start = laws.random_gradients(
            12, seed=seed, evaluations=rule.evaluations
        )
        iterates = optbench.replay(rule, gradients, start, values=values, points="query")
        with np.errstate(over="ignore"):  # random bits wrap around
            expected = plain_replay(rule, gradients, start, values)
        assert laws.distance(iterates, expected) <= 1e-12


@optimizer(lr=Log(0.1), source="a rule that breaks a law")
def overflowing(x, g, lr):
    return x + 1e200 * lr * x * x * g


@optimizer(lr=Log(0.1), source="a rule that breaks a law")
def positional(x, g, lr, length):
    """Its step looks at how a sum is rounded."""
    return x - lr * length * g


@positional.measure
def _(x, g):
    return 1e16 * g


@positional.combine
def _(total):
    return (math.sin(total),)


@optimizer(lr=Log(0.1), source="a rule that breaks a law")
def cancelling(x, g, lr):
    return x - lr * ((1e9 + g) - 1e9)


@pytest.mark.parametrize(
    ("rule", "law", "said"),
    [
        (overflowing, "runs", "x is not finite after"),
        (positional, "permutation", "permuted coordinates give other points"),
        (cancelling, "float32", "float32 differs from float64 by"),
    ],
)
def test_a_broken_law_is_named(rule, law, said):
    found = laws.LAWS.finding(law, optbench.optimizer(rule))
    assert found.failed and said in found.text
    assert f"test_checks.py:{rule.place.rpartition(':')[2]}: {rule.name}:" in found.text
