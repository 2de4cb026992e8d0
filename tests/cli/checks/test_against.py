"""``optbench check NAME --against OTHER``: two optimizers step by step, and what one really is."""

import json

import pytest
from click.testing import CliRunner

from optbench.cli import main


def check(*arguments):
    return CliRunner().invoke(main.main, ["check", *arguments])


def test_two_that_are_one_take_the_same_steps():
    done = check("momentum[momentum=0]", "--against", "gd", "--lr", "1e-3", "--steps", "100")
    assert done.exit_code == 0, done.output
    assert "same steps but for rounding" in done.output


def test_where_two_part_is_named_and_which_variant_it_is():
    done = check("adamw", "--against", "adam", "--steps", "50", "--json")
    assert done.exit_code == 1
    content = json.loads(done.stdout)
    assert not content["same"] and content["same_gradients"]["parts"]["step"] == 1
    assert content["same_as"]["variant"] == "adam with decay 0.01 beside the step (decay=0.01)"
    assert content["same_as"]["difference"] < 1e-12
    assert list(content["same_gradients"]["by_step"]) == ["1", "2", "5", "10", "20", "50"]


@pytest.mark.conformance  # it compiles all variants that might be meant
def test_what_was_given_to_one_alone_is_said():
    done = check("adam", "--against", "adam[lr=1e-2,l2=0.1,schedule=cosine]", "--steps", "20")
    assert done.exit_code == 1
    for line in ("lr = 0.001 against 0.01", "l2 = none against 0.1",
                 "schedule = none against cosine"):  # fmt: skip
        assert f"  settings differ: {line}\n" in done.output


def test_a_rate_of_its_own_is_a_setting_that_differs_and_a_variant():
    done = check("adam", "--against", "adam[lr=1e-2]", "--steps", "50", "--json")
    content = json.loads(done.stdout)
    assert done.exit_code == 1 and content["settings"] == {"lr": [0.001, 0.01]}
    assert content["same_as"]["variant"] == "adam with lr=0.001"
    assert check("adam[lr=0.1]", "--against", "adam", "--steps", "20").exit_code == 0
    assert check("adam[lr=1]", "--against", "adam[lr=1]", "--steps", "20").exit_code == 0


@pytest.mark.conformance
def test_rules_of_matrices_get_a_matrix():
    done = check("muon", "--against", "muon[momentum=0.9]", "--steps", "30", "--json")
    content = json.loads(done.stdout)
    assert content["alone"]["problem"] == "kronecker_1e2"
    assert content["same_as"]["variant"] == "muon with momentum=0.95"
    assert content["same_gradients"]["parts"] is not None
    assert check("muon", "--against", "muon", "--steps", "30").exit_code == 0
    apart = json.loads(check("adam", "--against", "muon", "--steps", "9", "--json").stdout)
    assert apart["alone"]["problem"] == "kronecker_1e2" and not apart["same"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["adam", "--lr", "0.1"], "--lr is for --against OTHER"),
        (["adam", "gd", "--against", "sgd"], "compares one NAME"),
        (["adam", "--against", "adma"], "did you mean adam"),
        (["adam", "--against", "gd", "--lr", "fast"], "--lr fast: expected a number"),
        (["adam", "--against", "gd", "--steps", "0"], "--steps"),
        (["gd[sam_rho=0.1]", "--against", "gd"], "cannot be compared step by step"),
    ],
)
def test_what_cannot_be_compared_says_why(arguments, message):
    done = check(*arguments)
    assert done.exit_code == 2 and message in done.output, done.output
