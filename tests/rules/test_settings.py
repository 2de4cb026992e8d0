"""Hyperparameters: what is allowed, what is said when it is not, and optimizers as text."""

import math

import numpy as np
import pytest

import optbench
from optbench.define import Flag
from optbench.errors import SettingError, UnknownNameError, UserError
from optbench.rules.wrappers_before import WRAPPERS
from tests.thinning import thinned

PLACES = [(rule.name, name) for rule in optbench.optimizers().values() for name in rule.hyper]
PLACES += [("gd", name) for wrapper in WRAPPERS for name in wrapper.hyper]


def allowed_range(rule, name):
    parts = (optbench.optimizers()[rule], *WRAPPERS)
    return next(part.hyper[name] for part in parts if name in part.hyper)


def outside(allowed):
    """Return values just outside a range, and those that no range holds."""
    values = [math.nan, math.inf, -math.inf]
    if isinstance(allowed, Flag):
        return [*values, 0.5, 2.0]
    if math.isfinite(allowed.low):
        values.append(allowed.low if allowed.open_low else math.nextafter(allowed.low, -math.inf))
        values.append(allowed.low - max(1.0, abs(allowed.low)))
    if math.isfinite(allowed.high):
        values.append(allowed.high if allowed.open_high else math.nextafter(allowed.high, math.inf))
        values.append(allowed.high + max(1.0, abs(allowed.high)))
    return values


@pytest.mark.parametrize(("rule", "name"), PLACES)
def test_value_outside_its_range_is_named(rule, name):
    allowed = allowed_range(rule, name)
    assert len(outside(allowed)) >= 5  # no hyperparameter is without bounds
    for value in outside(allowed):
        with pytest.raises(SettingError) as error:
            optbench.replay(rule, [[1.0]], [0.0], **{name: value})
        for part in (rule, name, str(value), str(allowed)):
            assert part in str(error.value)


@pytest.mark.parametrize("place", thinned(PLACES, 4), ids=str)
def test_closed_ends_are_allowed(place):
    rule, name = place
    allowed = allowed_range(rule, name)
    if isinstance(allowed, Flag):
        ends = [(0.0, False), (1.0, False)]
    else:
        ends = [(allowed.low, allowed.open_low), (allowed.high, allowed.open_high)]
    for end, is_open in ends:
        if math.isfinite(end) and not is_open:
            shape = [(1, 1)] if optbench.optimizers()[rule].matrix else None
            iterates = optbench.replay(rule, [[1.0], [1.0]], [0.5], shape=shape, **{name: end})
            assert np.isfinite(iterates).all()


@pytest.mark.parametrize(("rule", "name"), PLACES)
def test_default_lies_in_its_range(rule, name):
    allowed = allowed_range(rule, name)
    assert allowed.default in allowed


def test_minimize_checks_every_lane():
    with pytest.raises(SettingError, match=r"adam: lr = .* is outside its range \(0, inf\)"):
        optbench.minimize("adam", "rosenbrock", steps=3, lanes=3, lr=[0.1, 0.0, 0.1])
    with pytest.raises(UserError, match=r"beta1 has shape \[2\].*3 lanes"):
        optbench.minimize("adam", "rosenbrock", steps=3, lanes=3, beta1=[0.1, 0.2])


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("beta_1", "beta1"), ("esp", "eps"), ("clipnorm", "clip_norm"), ("rho", "sam_rho")],
)
def test_misspelt_hyperparameter_gets_a_suggestion(wrong, right):
    with pytest.raises(SettingError) as error:
        optbench.replay("adam", [[1.0]], [0.0], **{wrong: 0.1})
    assert f"adam has no hyperparameter {wrong!r}: did you mean {right}?" in str(error.value)


def test_hopeless_hyperparameter_gets_the_list():
    with pytest.raises(SettingError, match="it has lr, beta1, beta2, eps"):
        optbench.replay("adam", [[1.0]], [0.0], zzzz=0.1)
    with pytest.raises(SettingError, match="no hyperparameter 'beta1'"):
        optbench.replay("gd", [[1.0]], [0.0], beta1=0.1)


def test_unknown_rule_gets_a_suggestion():
    with pytest.raises(UnknownNameError, match="unknown optimizer 'adamm': did you mean adam"):
        optbench.replay("adamm", [[1.0]], [0.0])


def test_optimizer_from_text():
    optimizer = optbench.optimizer("adam[beta1=0.8,clip_norm=2]")
    assert optimizer.name == "adam"
    expected = dict(beta1=0.8, beta2=0.999, eps=1e-8, eps_in_sqrt=0.0, clip_norm=2.0)
    assert optimizer.values == expected
    assert optimizer.lr == 1e-3
    assert [part.name for part in optimizer.parts] == ["clip", "adam"]
    again = optbench.optimizer(optimizer.label)
    assert repr(again).startswith(f"Optimizer({optimizer.label}: lr={optimizer.lr:g}")
    assert (again.label, again.values, again.lr) == (
        optimizer.label,
        optimizer.values,
        optimizer.lr,
    )
    spaced = optbench.optimizer(" adam [ beta1 = 0.8 , clip_norm = 2 ] ")
    assert spaced.values == optimizer.values


def test_text_and_keywords_mean_the_same():
    gradients, start = np.random.default_rng(0).standard_normal((20, 3)), np.ones(3)
    text = optbench.replay("adam[beta1=0.8,clip_norm=0.2,lr=0.1]", gradients, start)
    words = optbench.replay("adam", gradients, start, beta1=0.8, clip_norm=0.2, lr=0.1)
    later = optbench.replay("adam[beta1=0.8,clip_norm=5]", gradients, start, clip_norm=0.2, lr=0.1)
    rule = optbench.optimizers()["adam"]
    keywords = optbench.replay(rule, gradients, start, beta1=0.8, clip_norm=0.2, lr=0.1)
    for other in (words, later, keywords):
        np.testing.assert_array_equal(text, other)


@pytest.mark.parametrize("text", ["adam[beta1]", "adam[beta1=]", "adam[beta1=fast]", "adam[=1]"])
def test_malformed_settings_are_named(text):
    with pytest.raises(SettingError, match="adam"):
        optbench.optimizer(text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(start=[0.0]), r"start has shape \[1\] and gradients \[4, 2\]"),
        (dict(values=[1.0, 2.0]), r"values has shape \[2\]; expected \[4\]"),
        (dict(points="all"), "'reported' or 'query'"),
        (dict(shape=[(3,)]), "hold 3 numbers, but start has 2"),
    ],
)
def test_replay_says_what_does_not_fit(change, message):
    arguments = dict(gradients=np.ones((4, 2)), start=np.zeros(2)) | change
    with pytest.raises(UserError, match=message):
        optbench.replay("gd", **arguments)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(betas=(0.9, 0.99)), "adam has no setting 'betas': its numbers are beta1 and beta2"),
        (dict(learnin_rate=[0.1, 0.2]), "adam has no hyperparameter 'learnin_rate'"),
        (dict(beta1="0.8:0.9"), "beta1 = 0.8:0.9 must be a number.*space = ..lr., .beta1.."),
    ],
)
def test_a_name_is_looked_up_before_its_value(settings, message):
    with pytest.raises(SettingError, match=message):
        optbench.minimize("adam", "booth", steps=1, **settings)
