"""Trials: what is drawn for whom, prefixes, defaults, and which spaces there are."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import optbench
from optbench.define import draws
from optbench.lanes.solvers import Solver
from optbench.rules import compose
from optbench.study.schema import Study, StudyError
from optbench.study.trials import (
    ALL,
    DEFAULT,
    checked_space,
    default_trial,
    drawn_trials,
    grid_trials,
    joined,
    rate_trials,
    searched,
    without_effect,
)

ADAM = compose.optimizer("adam")
ENDS = (1e-5, 10.0)
SPACES = [ALL, ("lr",), ("beta1", "lr"), ("beta2", "eps")]


def same(first, second):
    assert list(first.values) == list(second.values)
    np.testing.assert_array_equal(first.number, second.number)
    for name, values in first.values.items():
        np.testing.assert_array_equal(values, second.values[name])


def test_a_grid_has_a_trial_a_rate_and_the_default():
    trials = grid_trials([0.1, 0.2], ADAM)
    assert trials.number.tolist() == [0, 1, DEFAULT] and len(trials) == 3
    assert [trials.setting(i) for i in range(3)] == [{"lr": 0.1}, {"lr": 0.2}, {"lr": 1e-3}]


@pytest.mark.parametrize("optimizer", [compose.optimizer("adam[lr=0.1]"), Solver("scipy_cg")])
def test_what_has_one_rate_has_one_trial_on_a_grid(optimizer):
    trials = grid_trials([0.1], optimizer)
    assert trials.number.tolist() == [0] and trials.values["lr"].tolist() == [0.1]


def test_decades_that_extend_a_grid_go_on_counting():
    both = joined(rate_trials([1.0, 2.0]), rate_trials([4.0], first=2), default_trial(ADAM))
    assert both.number.tolist() == [0, 1, 2, DEFAULT]
    assert both.values["lr"].tolist() == [1.0, 2.0, 4.0, 1e-3]


@pytest.mark.parametrize("space", SPACES)
@given(few=st.integers(1, 20), more=st.integers(0, 20), seed=st.integers(0, 2**40))
def test_more_trials_extend_fewer(space, few, more, seed):
    short = drawn_trials(ADAM, seed, space, few, ENDS)
    long = drawn_trials(ADAM, seed, space, few + more, ENDS)
    assert short.number.tolist() == [*range(few), DEFAULT]
    for name, values in short.values.items():
        np.testing.assert_array_equal(values[:few], long.values[name][:few])
        assert values[-1] == long.values[name][-1]
    same(short, drawn_trials(ADAM, seed, space, few, ENDS))


def test_a_draw_is_the_share_that_its_key_says():
    trials = drawn_trials(ADAM, 3, ("lr", "beta1"), 5, ENDS)
    for name, low, high in (("lr", -5.0, 1.0), ("beta1", np.log10(0.5), -3.0)):
        key = draws.stream_key(3, "trials", "beta1,lr", name)
        with np.errstate(over="ignore"):
            shares = np.array([draws.uniform(key, i) for i in range(5)])
        values = trials.values[name][:-1]
        values = values if name == "lr" else 1.0 - values
        np.testing.assert_allclose(np.log10(values), low + (high - low) * shares, rtol=1e-12)


def test_every_optimizer_meets_the_same_draws():
    adam, other = (drawn_trials(compose.optimizer(n), 0, ALL, 9, ENDS) for n in ("adam", "nadam"))
    for name in ("lr", "beta1", "beta2", "eps"):
        np.testing.assert_array_equal(adam.values[name][:-1], other.values[name][:-1])
    assert "weight_decay" in other.values and "weight_decay" not in adam.values


def test_draws_depend_on_seed_space_and_name():
    first, of_seed, of_space = (
        drawn_trials(ADAM, seed, space, 9, ENDS).values["beta1"][:-1]
        for seed, space in ((0, ALL), (1, ALL), (0, ("beta1",)))
    )
    for other in (of_seed, of_space):
        assert not (first == other).any()
    nu = drawn_trials(compose.optimizer("qhadam"), 0, ALL, 9).values
    assert not (nu["nu1"][:-1] == nu["nu2"][:-1]).any()  # the same range, but another name


def test_the_order_of_names_does_not_count():
    same(*(drawn_trials(ADAM, 0, space, 9) for space in (("lr", "eps"), ("eps", "lr"))))


def test_what_is_set_is_not_searched():
    optimizer = compose.optimizer("adam[beta1=0.5,lr=0.2]")
    trials = drawn_trials(optimizer, 0, ALL, 4, ENDS)
    assert list(trials.values) == ["lr", "beta2", "eps"]
    assert trials.values["lr"].tolist() == [0.2] * 5
    assert trials.values["beta2"][-1] == 0.999


def test_rates_lie_between_the_ends_of_the_study_or_around_the_default():
    lr = drawn_trials(ADAM, 0, ("lr",), 500, (1.0, 2.0)).values["lr"]
    assert lr[-1] == 1e-3 and lr[:-1].min() > 1.0 and lr[:-1].max() < 2.0
    lr = drawn_trials(ADAM, 0, ("lr",), 500).values["lr"]
    assert 1e-6 < lr.min() < 1.1e-6 and 0.9 < lr.max() < 1.0
    one = drawn_trials(ADAM, 0, ("lr",), 5, (0.3, 0.3)).values["lr"]
    assert one.tolist() == [0.3] * 5 + [1e-3]


@pytest.mark.parametrize(
    ("optimizer", "space"),
    [
        (compose.optimizer("gd"), ("beta1", "momentum")),
        (compose.optimizer("gd[lr=0.1]"), ALL),
        (ADAM, ("eps_in_sqrt",)),
        (Solver("scipy_cg"), ALL),
    ],
)
def test_a_space_without_a_name_of_an_optimizer_is_its_default(optimizer, space):
    trials = drawn_trials(optimizer, 0, space, 7, ENDS)
    assert trials.number.tolist() == [DEFAULT] and list(trials.values) == ["lr"]
    assert searched(optimizer, space) == {}


def test_wrappers_and_schedules_keep_what_has_no_search_range():
    optimizer = compose.optimizer("adam[sam_rho=0.05,schedule=cosine,warmup=0.1,ema=0.9]")
    assert list(searched(optimizer, ALL)) == ["lr", "beta1", "beta2", "eps"]
    noisy = compose.optimizer("adam[noise_gamma=0.6]")
    assert list(searched(noisy, ("noise_eta", "noise_gamma"))) == ["noise_eta"]


def test_draws_of_a_space_are_uniform_and_independent():
    uniform, independent = [], []  # p-values of one study each: uniform themselves by chance alone
    for seed in range(60):
        values = drawn_trials(ADAM, seed, ALL, 300, ENDS).values
        lr = (np.log10(values["lr"][:-1]) + 5.0) / 6.0
        beta1 = np.log(2.0 * (1.0 - values["beta1"][:-1])) / np.log(2e-3)
        eps = (np.log10(values["eps"][:-1]) + 12.0) / 11.0
        uniform += [scipy.stats.kstest(each, "uniform").pvalue for each in (lr, beta1, eps)]
        pairs = ((lr, beta1), (lr, eps), (beta1, eps))
        independent += [scipy.stats.spearmanr(*pair).pvalue for pair in pairs]
    for pvalues in (uniform, independent):
        assert scipy.stats.kstest(pvalues, "uniform").pvalue > 0.01


@pytest.mark.parametrize("name", optbench.optimizers())
def test_every_rule_takes_all_that_is_drawn(name):
    optimizer = compose.optimizer(name)
    trials = drawn_trials(optimizer, 0, ALL, 25, ENDS)
    for i in range(len(trials)):
        setting = trials.setting(i)
        table = optimizer.with_settings(**setting).uniform_table(20)  # refused if out of range
        assert np.isfinite(table).all()
    defaults = {"lr": optimizer.lr, **optimizer.values}
    assert all(defaults[key] == value for key, value in setting.items())


def test_names_that_no_optimizer_searches_are_named():
    optimizers = [ADAM, compose.optimizer("momentum"), Solver("scipy_cg")]
    space = ("lr", "beta1", "momentum", "beta_1", "dampening")
    assert without_effect(optimizers, space) == ["beta_1", "dampening"]
    assert without_effect(optimizers, ALL) == without_effect(optimizers, "lr") == []


def test_draws_are_not_asked_for_where_none_are_made():
    fields = {"name": "s", "optimizers": ["adam"], "problems": ["sphere"]}
    with pytest.raises(StudyError, match="trials = 4 are draws of a space.*set lr.count, or space"):
        Study(**fields, trials=4)
    assert Study(**fields, trials=4, space="all").trials == 4
    stored = Study(**fields).model_dump(mode="json")  # which holds every field
    assert Study(**stored) == Study(**fields)


@pytest.mark.parametrize(
    ("value", "space"),
    [("lr", "lr"), ("all", "all"), (["lr", "beta1"], ("lr", "beta1")), (("eps",), ("eps",))],
)
def test_spaces(value, space):
    assert checked_space(value) == space


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("beta1", r"= 'beta1' must be \"lr\" \(.*: write \[\"beta1\"\]"),
        ("", "= '' must be"),
        ([], r"= \[\] must be .*, at least one"),
        (3, "= 3 must be"),
        ({"lr": 1}, "= {'lr': 1} must be"),
        (["lr", "lr"], "has 'lr' twice"),
        (["all"], 'has "all" among names'),
        (["Beta"], "has 'Beta', which is not the name of a hyperparameter"),
        ([1], "has 1, which is not the name"),
        (np.array(["lr", "eps"]), "must be"),
    ],
)
def test_what_is_no_space_is_refused(value, message):
    with pytest.raises(ValueError, match=message) as error:
        checked_space(value)
    assert str(error.value).startswith("{field} ")
