"""Declarations: what is refused and in which words, what is taken, and how names are looked up."""

import math
import os
import pickle
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import optbench
from optbench.catalog import finding
from optbench.catalog.identity import problem_identity
from optbench.cli import main
from optbench.cli.checks import names
from optbench.cli.checks import optimizers as laws
from optbench.cli.checks.findings import FAILED
from optbench.define import Flag, Log, Range, net, optimizer, plugins, problem
from optbench.errors import DefinitionError, SettingError, UnknownNameError
from optbench.kernels.driver.tasks import Placement, surface_group
from optbench.rules import registry
from optbench.rules.settings import parsed
from optbench.study.schema import Study

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings("ignore::optbench.define.plugins.PluginWarning")


def called(*arguments):
    return CliRunner().invoke(main.main, [str(argument) for argument in arguments])


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path.parent


BOWL = """
    from optbench.define import problem

    @problem(start=[1.0, 2.0], minimum=[0.0, 0.0], f_min=0.0)
    def {name}(x):
        return x[0] * x[0] + 2.0 * x[1] * x[1]
"""
RULE = """
    from optbench.define import Log, optimizer

    @optimizer(lr=Log(0.1))
    def {name}(x, g, lr):
        return x - lr * g
"""


# ----------------------------------------------------------------------------- rotations and frames


@problem(start=[3.0, 0.0], box=((0.0, -3.0), (4.0, 1.0)), rotated=True)
def turned(x):
    return (x[0] - 2.0) ** 2 + 10.0 * (x[1] + 1.0) ** 2 + x[0]


@pytest.mark.parametrize("instance", [None, 1, 4])
def test_without_a_minimum_a_rotation_is_about_the_middle_of_the_box(instance):
    """By hand: x -> centre + R (x - shift - centre), centre (2, -1)."""
    made = optbench.problem(turned, instance=instance)
    centre, frame = np.array([2.0, -1.0]), made.placement
    point = np.array([0.7, 0.4])
    seen = centre + frame.rotation @ (point - frame.shift - centre)
    assert np.allclose(frame.rotation @ frame.rotation.T, np.eye(2), atol=1e-15)
    assert made.value(point) == pytest.approx(turned(seen), rel=1e-14)
    slope = [2.0 * (seen[0] - 2.0) + 1.0, 20.0 * (seen[1] + 1.0)]
    assert made.grad(point) == pytest.approx(frame.rotation.T @ slope, rel=1e-13)
    run = optbench.minimize("gd", made, steps=1, lr=0.01, start=point)
    assert run.x[0] == pytest.approx(point - 0.01 * made.grad(point), rel=1e-13)
    assert made.value(centre + frame.shift) == pytest.approx(turned(centre), rel=1e-14)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (dict(shift=np.zeros(2), rotation=np.eye(2)), "centre"),
        (dict(shift=np.zeros(1)), "shift"),
        (dict(shift=np.zeros(2), centre=np.zeros(2), rotation=np.eye(3)), "rotation"),
        (dict(centre=np.zeros(2), rotation=np.eye(2)), "shift"),
    ],
)
def test_compiled_code_never_gets_an_array_shorter_than_it_reads(parts, name):
    placement = Placement(np.zeros(0), np.zeros(0, np.int64), **parts)
    with pytest.raises(ValueError, match=f"dimension 2 has a {name} of shape"):
        surface_group(placement, np.float64, 2)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (dict(p=[1.0], minimum=[0.0], f_min=0.0), r"minimum has shape \[1\]; give 2 numbers"),
        (dict(p=[1.0], minimum=None, f_min=0.0, start=[1.0] * 3), r"start has shape \[3\]"),
        (dict(p=[math.nan], minimum=None, f_min=0.0), "p has nan: give finite numbers"),
        (dict(p=[], minimum=None, f_min="0"), "f_min = '0' must be a number"),
        (dict(p=[], minimum=None), "must be a dict of p, minimum and f_min"),
        (dict(p="abc", minimum=None, f_min=0.0), "must be a sequence of numbers"),
    ],
)
def test_an_own_instance_is_checked(facts, message):
    @problem(start=[1.0, 1.0])
    def own(x, p):
        return x[0] * x[0] + x[1] * x[1]

    own.instance(lambda dim, instance: facts)
    with pytest.raises(DefinitionError, match=f"instance 3 of own.*{message}"):
        optbench.problem(own, instance=3)


# ------------------------------------------------------------------------- declarations of problems


def declared(**facts):
    return problem(**{"start": [1.0, 2.0], **facts})(lambda x: x[0] * x[0])


def named(**facts):
    return declared(name="mine", **facts)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (dict(tags=["nonsmoth"]), "unknown tag 'nonsmoth': did you mean nonsmooth"),
        (dict(tags="valley"), r"give a list, \['valley'\]"),
        (dict(dims=(2.5,)), "dims = 2.5 must be a whole number"),
        (dict(dims=(0,)), "dims = 0 is out of range"),
        (dict(dim="2"), "dim = '2' must be a whole number"),
        (dict(scalable=-1), "scalable = -1 is out of range"),
        (dict(f_min=math.nan), "f_min = nan must be a finite number"),
        (dict(f_min=lambda dim: "0"), "f_min = '0' must be a number"),
        (dict(target=0.0), "target=0.0: give a gap above 0"),
        (dict(target=math.nan), "target = nan must be a finite number"),
        (dict(batch=1.5), "batch = 1.5 must be a whole number"),
        (dict(start=[True, 2.0]), "True in its start"),
        (dict(start=[1.0, "a"]), "'a' in its start"),
        (dict(scratch="1"), "scratch = '1' must be a whole number"),
    ],
)
def test_a_wrong_problem_is_refused_where_it_is_declared(facts, message):
    with pytest.raises(DefinitionError, match=rf"test_declarations\.py:\d+: mine.*{message}"):
        named(**facts)


def test_arguments_with_defaults_are_refused():
    def curved(x, p=10.0):
        return p * x[0] * x[0]

    with pytest.raises(DefinitionError, match="curved has the default `p=10.0` in its signature"):
        problem(start=[1.0])(curved)


def test_words_of_python_are_no_names():
    with pytest.raises(DefinitionError, match="'class' is not lower snake case"):
        declared(name="class")


def test_numpy_numbers_in_declarations_are_plain_ones():
    one = named(
        dims=(np.int64(2), np.float64(4.0)), dim=np.int32(2), scalable=np.int64(2),
        f_min=np.float32(0.5), target=np.float32(0.25), start=np.array([1, 2]),
    )  # fmt: skip
    kinds = [(type(n), n) for n in (*one.dims, one.dim, one.scalable, one.f_min, one.target)]
    assert kinds == [(int, 2), (int, 4), (int, 2), (int, 2), (float, 0.5), (float, 0.25)]
    assert named(minimum=np.float64(0.0)).minimum == 0.0
    layered = net(
        "mine", data="iris", sizes=np.array([4, 3]), batch=np.int64(8),
        loss_target=np.float32(0.5), error_target=np.float64(0.25), gain=np.float32(2.0),
    )  # fmt: skip
    numbers = (*layered.sizes, layered.batch, layered.loss_target, layered.error_target)
    assert [(type(n), n) for n in numbers] == [
        (int, 4), (int, 3), (int, 8), (float, 0.5), (float, 0.25)
    ]  # fmt: skip
    rule = optimizer(lr=Log(np.float32(0.5)), beta=np.int64(1))(lambda_rule)
    assert [(type(r.default), r.default) for r in rule.hyper.values()] == [(float, 0.5), (float, 1)]


def lambda_rule(x, g, lr, beta):
    return x - lr * beta * g


NET = dict(data="iris", sizes=(4, 3), batch=8, loss_target=0.1, error_target=0.1)


@pytest.mark.parametrize(
    ("name", "facts", "message"),
    [
        ("../a <b>$x$", {}, "'../a <b>$x$' is not lower snake case"),
        ("mine", dict(loss_target=math.nan), "loss_target = nan must be a finite number"),
        ("mine", dict(loss_target=-1.0), "loss_target=-1.0: give a number of at least 0"),
        ("mine", dict(error_target=5), "error_target=5: give a number from 0 to 1"),
        ("mine", dict(error_target=math.inf), "error_target = inf must be a finite number"),
        ("mine", dict(batch=0), "batch = 0 is out of range"),
        ("mine", dict(batch=2.5), "batch = 2.5 must be a whole number"),
        ("mine", dict(sizes=(4, 0)), "sizes = 0 is out of range"),
        ("mine", dict(sizes=(4,)), "give those of input and output"),
        ("mine", dict(sizes=4), "give the units of every layer"),
        ("mine", dict(gain=math.nan), "gain = nan must be a finite number"),
        ("mine", dict(tags=["nett"]), "unknown tag 'nett': did you mean net"),
        ("mine", dict(classes=(0.5,)), "classes = 0.5 must be a whole number"),
    ],
)
def test_a_wrong_net_is_refused_where_it_is_declared(name, facts, message):
    with pytest.raises(DefinitionError) as error:
        net(name, **{**NET, **facts})
    assert message in str(error.value) and "test_declarations.py:" in str(error.value)


# ---------------------------------------------------------------------------- declarations of rules


def in_order(x, g, m, v, lr, beta):
    v = beta * v + g * g
    return x - lr * g / (1.0 + v), m, v


def swapped(x, g, v, m, lr, beta):
    return x - lr * g, m, v


def short(x, g, m, v, lr, beta):
    if beta > 0.5:
        return x - lr * g, m, v
    return x - lr * g, v


def silent(x, g, m, v, lr, beta):
    m = m + g


def half_silent(x, g, m, v, lr, beta):
    if beta > 0.5:
        return x, m, v


def defaulted(x, g, m, v, lr, beta=0.9):
    return x, m, v


def starred(x, g, *others):
    return x, x, x


def number(x, g, m, v, lr, beta):
    step = lr * g
    return step


def single(x, g, lr, beta):
    return (x,)


STATES = dict(state=("m", "v"), lr=Log(0.1), beta=0.9)


@pytest.mark.parametrize(
    ("function", "facts", "message"),
    [
        (swapped, STATES, r"takes its states as v, m, but declares state=\('m', 'v'\)"),
        (short, STATES, r"returns a tuple of 2; it must return the new x, m, v: `return new_x"),
        (silent, STATES, "returns nothing; it must return the new x, m, v"),
        (half_silent, STATES, "returns nothing; it must return the new x, m, v"),
        (number, STATES, "returns one number; it must return the new x, m, v"),
        (single, dict(lr=0.1, beta=0.9), "a tuple of 1; it must return the new x: `return new_x`"),
        (defaulted, dict(state=("m", "v"), lr=0.1), r"declare it: @optimizer\(beta=0.9\)"),
        (starred, STATES, r"has `\*others`, which is no plain parameter"),
        (in_order, {**STATES, "state": "m v"}, r"'m v'.*write state=\('m', 'v'\)"),
        (in_order, {**STATES, "state": ("m", "m")}, "names one twice"),
        (in_order, {**STATES, "state": {"m": "y", "v": 0.0}}, "start of state m = 'y' must be a"),
        (in_order, {**STATES, "state": ("g", "v")}, "cannot call a state 'g'"),
        (in_order, {**STATES, "state": ("beta", "v")}, "uses the name 'beta' twice"),
        (in_order, {**STATES, "lr": Log(-1.0)}, r"lr = -1 by default, outside its own range \(0"),
        (in_order, {**STATES, "beta": Range(2.0, 0.0, 1.0)}, r"outside its own range \[0, 1\]"),
        (in_order, {**STATES, "beta": math.nan}, "beta = nan by default, outside"),
        (in_order, {**STATES, "beta": "fast"}, "default of beta = 'fast' must be a number"),
        (in_order, {**STATES, "beta": True}, r"write beta=Flag\(True\)"),
        (in_order, {**STATES, "beta": Flag(2)}, r"beta=Flag\(2\): give True or False"),
        (in_order, {**STATES, "seed": 1.0}, "'seed', which is an argument of"),
        (in_order, {**STATES, "iterate": "w"}, "iterate='w', which is none of its states"),
        (in_order, {**STATES, "evaluations": 3}, "evaluations = 3 is out of range"),
        (in_order, {**STATES, "lane_state": ("a",)}, "give a dict of names and start values"),
    ],
)
def test_a_wrong_rule_is_refused_where_it_is_declared(function, facts, message):
    with pytest.raises(DefinitionError, match=message) as error:
        optimizer(**facts)(function)
    assert f"test_declarations.py:{function.__code__.co_firstlineno}: " in str(error.value)


def test_the_line_of_a_wrong_return_is_named():
    line = short.__code__.co_firstlineno + 3
    with pytest.raises(DefinitionError, match=f"line {line} returns"):
        optimizer(**STATES)(short)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return x - lr * g", "line 2 returns one number"),
        ("return x, m, m", "line 2 returns a tuple of 3"),
        ("m = m + g", "returns nothing"),
        ("return 1.0, 2.0, 3.0", "line 2 returns a tuple of 3"),
        ("if lr > 1.0:\n        return x, m\n    return -x", "line 4 returns one number"),
    ],
)
def test_what_is_typed_at_a_prompt_is_looked_at_too(body, message):
    space = {}
    exec(f"def rule(x, g, m, lr):\n    {body}", space)
    with pytest.raises(DefinitionError, match=message):
        optimizer(state="m", lr=0.1)(space["rule"])


def test_sources_that_do_not_say_what_is_returned_are_left_to_the_compiler():
    space = {}
    exec("def rule(x, g, m, lr):\n    both = x, m\n    return both", space)  # no source to read
    assert optimizer(state="m", lr=0.1)(space["rule"]).state == {"m": 0.0}

    @optimizer(state="m", lr=0.1)
    def helped(x, g, m, lr):
        return other(x, g, m, lr)

    assert helped.state == {"m": 0.0}


def other(x, g, m, lr):
    return x - lr * g, m


def incomplete(kind):
    """Return rules whose parts do not fit each other, and what is said."""
    if kind == "unknown":

        @optimizer(state="m", lr=0.1, beta1=0.9)
        def mine(x, g, m, lr, beta_1):
            return x - lr * g, m

    elif kind == "step":

        @optimizer(lr=0.1)
        def mine(x, g, lr, t):
            return x - lr * g / t

    elif kind == "uniform":

        @optimizer(lr=0.1)
        def mine(x, g, lr, a):
            return x - lr * a * g

        @mine.uniform
        def _(t):
            return 1.0 / t, 2.0

    elif kind == "combine":

        @optimizer(lr=0.1)
        def mine(x, g, lr, a, b):
            return x - lr * a * b * g

        @mine.measure
        def _(x, g):
            return g * g

        @mine.combine
        def _(squares):
            return (squares,)

    elif kind == "sums":

        @optimizer(lr=0.1)
        def mine(x, g, lr, a):
            return x - lr * a * g

        @mine.measure
        def _(x, g):
            return g * g, x * x

        @mine.combine
        def _(squares):
            return (squares,)

    elif kind == "measure":

        @optimizer(lr=0.1)
        def mine(x, g, lr):
            return x - lr * g

        @mine.measure
        def _(x, g):
            return g * g

    elif kind == "zero":

        @optimizer(lr=0.1)
        def mine(x, g, lr, a):
            return x - lr * a * g

        @mine.uniform
        def _(t):
            return (1.0 / (t - 1),)

    else:

        @optimizer(lr=0.1, clip_norm=1.0)
        def mine(x, g, lr, clip_norm):
            return x - lr * clip_norm * g

    return mine


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("unknown", r"mine takes 'beta_1', which is neither.*\(lr, beta1\).*did you mean beta1"),
        ("step", r"mine takes 't'.*is an output of @mine\.uniform"),
        ("uniform", "`uniform` of mine returns 2 values.*but names 1"),
        ("combine", r"`combine` of mine returns a tuple of 1, but there are 2 outputs.*\(a, b\)"),
        ("sums", r"takes 1 sums \(squares\), but `measure` has 2 terms"),
        ("measure", "has `measure` without `combine`"),
        ("zero", "`uniform` of mine fails in step 1: ZeroDivisionError"),
        ("wrapper", r"'clip_norm', which is that of the wrapper clip at .*wrappers_before\.py:\d+"),
    ],
)
def test_parts_that_do_not_fit_are_refused_in_the_rules_own_words(kind, message):
    with pytest.raises(DefinitionError, match=rf"test_declarations\.py:\d+: .*{message}"):
        optbench.optimizer(incomplete(kind))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("uniform", r"line \d+ returns one number; it must return a tuple of outputs"),
        (
            "combine",
            r"line \d+ returns one number; it must return a tuple: the new lane state",
        ),
        ("measure", r"line \d+ returns nothing; it must return its term"),
    ],
)
def test_the_other_parts_are_looked_at_when_they_are_added(kind, message):
    @optimizer(lr=0.1)
    def mine(x, g, lr, a):
        return x - lr * a * g

    def one(g):
        return 2.0 * g

    def nothing(g):
        g = 2.0 * g

    with pytest.raises(DefinitionError, match=f"`{kind}` of mine: {message}"):
        getattr(mine, kind)(nothing if kind == "measure" else one)


def test_the_packages_own_rules_return_what_they_must():
    """They are not looked at when they are declared, because to read sources takes time."""
    from optbench.define import rule_checks, signatures
    from optbench.rules.wrappers_before import WRAPPERS

    seen = 0
    for part in (*optbench.optimizers().values(), *WRAPPERS):
        for kind, function in part.functions.items():
            whose = rule_checks._whose(part, kind, function)
            rule_checks._returns_fit(part, kind, whose, function)
            seen += any(count is not None for _, count in signatures.returns(function))
            said = {count for _, count in signatures._from_bytecode(function)} - {None}
            assert said <= {count for _, count in signatures.returns(function)}
    assert seen > 120  # the others return what helpers do


def test_a_rule_that_goes_uphill_is_reported():
    @optimizer(state="v", lr=Log(0.1), momentum=0.9)
    def uphill(x, g, v, lr, momentum):
        v = momentum * v + g
        return x + lr * v, v

    found = laws.finding("downhill", optbench.optimizer(uphill))
    assert found.status == FAILED and "uphill on a bowl" in found.text
    # By hand: half the sum of 0.5 1, 0.66 4, 0.87 0.25, 1.149 9, 1.516 1, 2 4 (curvature, x^2).
    assert "where f = 11.6 at the start" in found.text
    assert "is the sign of the step right?" in found.text


def test_a_rule_that_goes_down_for_small_rates_alone_is_fine():
    @optimizer(lr=Log(1e-3, high=1e-2))
    def careful(x, g, lr):
        return x - 150.0 * lr * g

    found = laws.finding("downhill", optbench.optimizer(careful))
    assert found.status == "ok", found.text
    assert "with lr = 1e-06 f falls from" in found.text


# --------------------------------------------------------------------------------- settings as text


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("adam[lr=1", r"must end with '\]': write adam\[lr=1\]"),
        ("adam[lr=1][beta1=.5]", r"one pair of brackets.*adam\[lr=1,beta1=.5\]"),
        ("adam[lr=1,beta1=.5,lr=2]", "lr is set twice"),
        ("adam[lr=1]x", "nothing follows"),
        ("adam]", r"a '\]' without '\['"),
        ("adam[[lr=1]]", "more than one pair"),
        ("gd[lookahead_steps=2.5]", r"lookahead_steps = 2.5 is outside its range whole numbers"),
        ("gd[plateau_patience=2.5]", r"plateau_patience = 2.5 is outside its range whole numbers"),
        ("muon[ns_steps=2.5]", r"ns_steps = 2.5 is outside its range whole numbers in \[1, 99\]"),
        ("adam[lr=inf]", r"lr = inf must be a finite number: outside its range \(0, inf\)"),
        ("adam[lr=nan]", r"lr = nan must be a finite number: outside its range \(0, inf\)"),
        ("adam[lr=true]", "lr = True must be a number"),
        ("adam[beta1=fast]", "beta1 = 'fast' must be a number"),
        ("scipy_cg[lr=1]", "scipy_cg is a baseline"),
    ],
)
def test_mistakes_in_settings_are_named(spec, message):
    with pytest.raises(SettingError, match=message):
        optbench.optimizer(spec)


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)


@settings(max_examples=60)
@given(
    chosen=st.dictionaries(NAMES, st.floats(allow_nan=False), max_size=4),
    space=st.sampled_from(["", " ", "  "]),
)
def test_settings_as_text_are_read_back(chosen, space):
    inside = ",".join(f"{space}{k}{space}={space}{v!r}{space}" for k, v in chosen.items())
    assert parsed(f"{space}adam{space}[{inside}]{space}") == ("adam", chosen)


@settings(max_examples=100)
@given(st.text("ad[]=,1. ", max_size=12))
def test_any_text_is_read_or_refused_in_one_sentence(text):
    try:
        name, chosen = parsed(text)
    except SettingError as error:
        assert str(error).startswith(text)
    else:
        assert "[" not in name and "]" not in name
        assert all(isinstance(key, str) and key for key in chosen)


def test_settings_from_python_pass_the_same_gate():
    adam = optbench.optimizer("adam")
    for value in ("0.9", None, True, [[0.9]]):
        with pytest.raises(SettingError, match="beta1"):
            adam.with_settings(beta1=value)
    plain = adam.with_settings(beta1=np.float64(0.5), cautious=np.bool_(True))
    assert plain.values["beta1"] == 0.5 and type(plain.values["beta1"]) is float
    assert plain.values["cautious"] == 1.0


# -------------------------------------------------------------------------------------------- names


def test_a_broken_file_hides_nothing(tmp_path):
    text = BOWL.format(name="sphere") + RULE.format(name="adam") + "\n    1 / 0\n"
    folder = write(tmp_path / "broken.py", text + "\n    def only_here(): pass\n")
    assert finding.definition("sphere", folder) is finding.definition("sphere")
    assert registry.rule("adam", folder) is registry.rule("adam")
    assert names.check("sphere", folder).findings[0].check != "import"
    assert optbench.optimizer("adam", folder).rule is optbench.optimizers()["adam"]
    for look_up in (finding.definition, registry.rule):
        with pytest.raises(DefinitionError, match=r"broken\.py:\d+: cannot be imported: ZeroDiv"):
            look_up("only_here", folder)
    done = called("check", "only_here", "--plugins", folder)
    assert done.exit_code == 1 and "ZeroDivisionError" in done.output


def test_a_broken_file_with_a_net_concerns_its_name(tmp_path):
    folder = write(
        tmp_path / "nets.py", "from optbench.define import net\nnet('tiny_one', data=1)\n"
    )
    with pytest.raises(DefinitionError, match=r"nets\.py:2: cannot be imported"):
        finding.definition("tiny_one", folder)


def test_both_look_ups_refuse_a_name_that_a_folder_declares_a_second_time(tmp_path):
    text = BOWL.format(name="sphere") + RULE.format(name="adam")
    folder = write(tmp_path / "again.py", text)
    for look_up, name, first in (
        (finding.definition, "sphere", "quadratics"), (registry.rule, "adam", "adaptive"),
    ):  # fmt: skip
        with pytest.raises(DefinitionError, match=rf"again\.py:\d+: .*second time.*{first}\.py"):
            look_up(name, folder)
        report = names.check(name, folder)
        assert report.failed and "declared a second time" in report.findings[0].text
    assert finding.definition("booth", folder).name == "booth"


def test_two_of_one_name_in_a_file_are_refused_with_both_lines(tmp_path):
    folder = write(tmp_path / "twice.py", BOWL.format(name="my_bowl") * 2)
    with pytest.raises(DefinitionError, match=r"twice\.py:10: .*second time; first at .*py:4"):
        finding.definition("my_bowl", folder)
    folder = write(tmp_path / "kinds" / "twice.py", BOWL.format(name="b") + RULE.format(name="b"))
    with pytest.raises(DefinitionError, match="the optimizer b is declared a second time"):
        finding.definition("b", folder)
    folder = write(tmp_path / "rules" / "twice.py", RULE.format(name="my_rule") * 2)
    with pytest.raises(DefinitionError, match=r"twice\.py:\d+: the optimizer my_rule is declared"):
        registry.rule("my_rule", folder)


def test_files_in_capitals_are_files_too(tmp_path):
    folder = write(tmp_path / "MyBowl.py", BOWL.format(name="my_bowl"))
    write(tmp_path / "2nd-bowl.py", BOWL.format(name="second_bowl"))
    write(tmp_path / "_helper.py", "1 / 0")
    write(tmp_path / ".#MyBowl.py", "1 / 0")
    (tmp_path / "folder.py").mkdir()
    assert {"my_bowl", "second_bowl"} <= set(finding.problems(folder))
    assert [one.name for one in finding.refused(folder)] == ["folder"]
    listed = called("list", "problems", "--plugins", folder).output
    assert "my_bowl" in listed and "left out: " in listed


def test_one_folder_may_be_given_as_it_is_and_relative_ones_follow_the_working_directory(
    tmp_path, monkeypatch
):
    for place in ("one", "two"):
        write(tmp_path / place / "own" / f"{place}.py", BOWL.format(name=f"bowl_{place}"))
        monkeypatch.chdir(tmp_path / place)
        assert f"bowl_{place}" in finding.problems("own")
        assert optbench.problem(f"bowl_{place}", folders="own").dim == 2
        assert optbench.problem(f"bowl_{place}", folders=["own"]).dim == 2


def test_names_are_looked_up_in_folders_everywhere(tmp_path):
    folder = write(tmp_path / "mine.py", BOWL.format(name="my_bowl") + RULE.format(name="my_gd"))
    problem_of_mine = optbench.problem("my_bowl", folders=folder)
    assert problem_of_mine.value([1.0, 2.0]) == 9.0
    run = optbench.minimize("my_gd", "my_bowl", steps=1, lr=0.1, folders=[folder])
    assert run.x[0] == pytest.approx([0.8, 1.2])  # x - 0.1 (2 x_0, 4 x_1)
    fed = optbench.replay("my_gd", [[1.0]], [0.0], lr=0.5, folders=folder)
    assert fed[:, 0].tolist() == [0.0, -0.5]
    with pytest.raises(UnknownNameError):
        optbench.problem("my_bowl")


def test_what_is_no_problem_or_optimizer_is_refused_with_what_to_do():
    for make, word in ((optbench.problem, "problem"), (optbench.optimizer, "optimizer")):
        with pytest.raises(SettingError, match=f"decorate it with @optbench.define.{word}"):
            make(lambda x: x)
        with pytest.raises(SettingError, match="got None"):
            make(None)


def test_the_look_up_of_optimizers_knows_baselines():
    rules = registry.named()
    expected = ["scipy_lbfgsb", "scipy_cg", "scipy_bfgs", "scipy_newton_cg", "scipy_nelder_mead"]
    assert rules.select("scipy_*") == expected
    assert rules.select("random_searc?") == ["random_search"]
    assert rules.select("*") == list(optbench.optimizers())
    with pytest.raises(UnknownNameError, match="did you mean scipy_cg"):
        optbench.optimizer("scipy_cgg")
    for call in (rules.find, optbench.optimizer, names.check):
        with pytest.raises(SettingError, match="scipy_cg is a baseline"):
            call("scipy_cg")
    done = called("run", "quick", "-o", "+scipy_*", "-p", "himmelblau", "--dry-run")
    assert done.exit_code == 0 and "scipy_newton_cg on himmelblau" in done.output
    study = Study(name="s", optimizers=["random_*"], problems=["booth"])
    from optbench.study.cells import expand

    assert [pair.optimizer.name for pair in expand(study)[0]] == ["random_search"]


def test_globs_know_two_signs_only():
    assert finding.named().select("boot?") == ["booth"]
    for pattern in ("boot[h]", "[b]ooth", "Booth", "boot!"):
        with pytest.raises(UnknownNameError):
            finding.named().select(pattern)


def test_a_misspelt_name_is_called_what_its_nearest_is():
    for name, word in (("adamm", "optimizer"), ("boooth", "problem")):
        with pytest.raises(UnknownNameError, match=f"unknown {word} '{name}': did you mean"):
            names.check(name)


def test_a_name_of_two_kinds_is_not_checked_by_halves(tmp_path):
    write(tmp_path / "one.py", BOWL.format(name="both"))
    folder = write(tmp_path / "two.py", RULE.format(name="both"))
    report = names.check("both", folder)
    assert report.failed
    assert "the problem at" in report.findings[0].text
    assert "of the optimizer at" in report.findings[0].text


def test_a_rule_cannot_take_the_name_of_a_baseline(tmp_path):
    folder = write(tmp_path / "mine.py", RULE.format(name="scipy_cg"))
    assert "scipy_cg" not in optbench.optimizers(folder)
    assert "is that of a baseline" in registry.refused(folder)[0].message


def test_names_to_check_come_once(tmp_path):
    folder = write(tmp_path / "broken.py", "1 / 0")
    every = names.names(folder)
    assert len(every) == len(set(every)) and "broken" in every and "scipy_cg" not in every


@pytest.mark.parametrize("layout", ["installed", "tree", "neither"])
def test_a_folder_problems_beside_an_installed_package_is_not_the_catalog(
    tmp_path, monkeypatch, layout
):
    write(tmp_path / "optbench" / "catalog" / "finding.py", "")
    write(tmp_path / "problems" / "of_another.py", "1 / 0")
    monkeypatch.setattr(finding, "__file__", str(tmp_path / "optbench" / "catalog" / "finding.py"))
    monkeypatch.setattr(finding.importlib.util, "find_spec", lambda name: None)
    if layout == "installed":
        write(tmp_path / "optbench_problems" / "ours.py", "")
        assert finding.catalog_folder() == tmp_path / "optbench_problems"
    elif layout == "tree":
        write(tmp_path / "pyproject.toml", "")
        assert finding.catalog_folder() == tmp_path / "problems"
    else:
        with pytest.raises(optbench.errors.UserError, match="catalog is missing"):
            finding.catalog_folder()


# ------------------------------------------------------------------------------------- optbench new


def test_what_new_writes_is_there_without_being_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert called("new", "problem", "my_bowl").exit_code == 0
    (tmp_path / "problems" / "euler_1.py").write_text("raise SystemExit('not ours')")
    done = called("check", "my_bowl")
    assert done.exit_code == 0 and "problem my_bowl: ok" in done.output, done.output
    assert "my_bowl" in called("list", "problems").output
    assert "my_bowl" in called("run", "quick", "-o", "gd", "-p", "+my_*", "--dry-run").output


def test_a_folder_problems_of_other_things_is_not_touched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "problems" / "euler_1.py", "raise SystemExit('not ours')")
    listed = called("list", "problems")
    assert listed.exit_code == 0 and "left out" not in listed.output
    write(tmp_path / "problems" / "mine.py", BOWL.format(name="sphere"))
    write(tmp_path / "optbench" / "__init__.py", "")  # a source tree: its problems are a catalog
    assert "left out" not in called("list", "problems").output


@pytest.mark.parametrize("name", ["class", "lambda", "x", "math", "where"])
def test_new_refuses_names_that_make_a_file_that_cannot_be_imported(tmp_path, name):
    done = called("new", "problem", name, "--folder", tmp_path)
    assert done.exit_code == 2 and done.stderr.startswith("optbench: new: ")
    assert not list(tmp_path.iterdir())


def test_new_quotes_the_folder_and_names_one_that_cannot_be_written(tmp_path):
    done = called("new", "problem", "mine", "--folder", tmp_path / "my own")
    assert f"optbench check mine --plugins '{tmp_path}/my own'" in done.output
    (tmp_path / "file").write_text("")
    done = called("new", "problem", "mine", "--folder", tmp_path / "file" / "below")
    assert done.exit_code == 2 and "cannot be written" in done.stderr


# ----------------------------------------------------------------------------------------- pickling


@optimizer(lr=Log(0.1))
def my_gd(x, g, lr):
    return x - lr * g


SEVERAL = [problem(start=[1.0], name="in_a_list")(lambda x: x[0] * x[0])]


def test_optimizers_and_problems_pickle():
    for spec in ("adam[beta1=0.8,clip_norm=2]", "muon", my_gd):
        one = optbench.optimizer(spec)
        again = pickle.loads(pickle.dumps(one))
        assert (again.label, again.values, again.lr) == (one.label, one.values, one.lr)
        assert all(ours is theirs for ours, theirs in zip(one.parts, again.parts, strict=True))
    for name, dim, instance in (("rosenbrock", 4, 2), ("bbob_f01", None, 3), (turned, None, 1)):
        assert pickle.loads(pickle.dumps(made := optbench.problem(name, dim, instance))) is made
    assert pickle.loads(pickle.dumps(SEVERAL[0])) is SEVERAL[0]
    layered = pickle.loads(pickle.dumps(optbench.problem("digits_mlp", instance=1)))
    assert problem_identity(layered) == problem_identity(optbench.problem("digits_mlp", instance=1))


def test_what_no_file_names_says_so_when_it_is_pickled():
    @problem(start=[1.0])
    def local(x):
        return x[0]

    with pytest.raises(DefinitionError, match="local cannot be pickled.*not inside a function"):
        pickle.dumps(optbench.problem(local))


def test_a_plugin_pickles_into_another_process(tmp_path):
    folder = write(tmp_path / "mine.py", BOWL.format(name="my_bowl") + RULE.format(name="my_gd"))
    both = (optbench.problem("my_bowl", folders=folder), optbench.optimizer("my_gd", folder))
    (tmp_path / "both").write_bytes(pickle.dumps(both))
    code = (
        "import pickle, sys; p, o = pickle.load(open(sys.argv[1], 'rb')); "
        "print(p.label, o.label, p.definition([1.0, 2.0]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "both"], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout == "my_bowl (d=2) my_gd 9.0\n", done.stderr


def test_files_are_imported_once_and_warned_about(tmp_path):
    folder = write(tmp_path / "broken.py", "1 / 0")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        finding.problems(folder)
    assert [w.category for w in caught] == [plugins.PluginWarning]
