"""Perturbations by name: wherever a problem is named, and what is refused there."""

import pickle

import numpy as np
import pytest

import optbench
from optbench.catalog import finding
from optbench.catalog.identity import problem_identity
from optbench.catalog.references import reference
from optbench.errors import DefinitionError, SettingError, UnknownNameError, UserError
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from optbench.perturbations.catalog import PERTURBATIONS, SETTINGS
from optbench.study.narrowing import Filters, narrowed
from optbench.study.pairs import expand
from optbench.study.schema import Study


def test_a_name_is_written_in_one_way():
    one = finding.definition("rosenbrock[ noise = 0.10 , rotate=1]")
    assert one.name == "rosenbrock[rotate=true,noise=0.1]"
    assert finding.definition(one.name) is one
    assert optbench.perturbed(finding.definition("rosenbrock"), noise=0.1, rotate=True) is one
    assert optbench.perturbed("rosenbrock[rotate=true]", noise=0.1) is one
    assert optbench.perturbed("rosenbrock[noise=0.1]", rotate=False).name != one.name


def test_a_problem_s_family_and_draws_are_those_of_the_plain_one():
    plain, problem = (optbench.problem(n, 6, 3) for n in ("rosenbrock", "rosenbrock[noise=0.1]"))
    assert problem.family == plain.family and problem.label == "rosenbrock[noise=0.1] (d=6)"
    assert np.array_equal(problem.start, plain.start)
    assert np.array_equal(problem.starts([1, 2]), plain.starts([1, 2]))
    assert np.array_equal(problem.keys([1, 2]), plain.keys([1, 2]))
    assert np.array_equal(problem.placement.shift, plain.placement.shift)


@pytest.mark.parametrize("perturbation", PERTURBATIONS, ids=lambda one: one.name)
def test_what_changes_nothing_is_the_problem_itself(perturbation):
    """Byte for byte, and as exact: it is in the name alone."""
    name, off = perturbation.first, perturbation.off
    problem, plain = optbench.problem(f"rosenbrock[{name}={off}]"), optbench.problem("rosenbrock")
    runs = [optbench.minimize("gd", p, steps=20, lanes=2, lr=1e-3) for p in (problem, plain)]
    assert np.array_equal(runs[0].x, runs[1].x) and np.array_equal(runs[0].hits, runs[1].hits)
    assert problem.kind == "deterministic" and name in problem.name


@pytest.mark.parametrize(
    "setting",
    ["noise", "relative_noise", "student_noise", "stable_noise", "common_noise", "outliers",
     "correlated_noise", "value_noise", "sparse", "drift", "wander", "penalty", "barrier",
     "misreport", "nan_share"],
)  # fmt: skip
def test_its_compiled_code_at_that_value_has_the_plain_bits_too(setting):
    """The level is a number behind the author's constants: nothing is left out when it is 0."""
    problem, plain = (optbench.problem(f"sphere{own}", 6) for own in (f"[{setting}=0.4375]", ""))
    assert problem.placement.p[0] == 0.4375
    problem.placement.p[0] = 0.0  # instances are kept, but no other test has this level
    rule = "gd" if problem.kind == "deterministic" else "sgd"
    own = optbench.minimize(rule, problem, steps=30, lr=0.01)
    assert np.array_equal(own.x, optbench.minimize("gd", plain, steps=30, lr=0.01).x)


def test_levels_share_their_compiled_code():
    functions = [optbench.problem(f"sphere[noise={v}]").function(np.float64) for v in (0.1, 0.3)]
    assert functions[0] is functions[1]
    other = optbench.problem("sphere[noise=0.1,stale=1]").function(np.float64)
    assert other is not functions[0]


def test_lanes_of_a_block_meet_the_same_noise():
    problem = optbench.problem("rosenbrock[noise=0.5,correlated_noise=0.5]", 6)
    inputs = LaneInputs(problem.starts([1]), problem.keys([1]), np.full(40, 1e-3), {}, None,
                        np.zeros(40, int))  # fmt: skip
    final = simulate(problem, optbench.optimizer("sgd"), inputs, Job(steps=30)).x
    assert np.array_equal(final, np.broadcast_to(final[:1], final.shape))
    alone = optbench.minimize("sgd", problem, steps=30, seed=1, lr=1e-3).x
    assert np.array_equal(final[0], alone[0])


def test_identities_tell_levels_apart_and_not_processes():
    names = ["sphere", "sphere[noise=0.1]", "sphere[noise=0.2]", "sphere[stale=1]"]
    identities = [problem_identity(optbench.problem(name)) for name in names]
    assert len(set(identities)) == len(names)


def test_a_perturbed_problem_is_pickled_as_its_base_and_settings():
    problem = optbench.problem("ackley[noise=0.1,rotate=true]", 10, 4)
    assert pickle.loads(pickle.dumps(problem)) is problem
    assert pickle.loads(pickle.dumps(problem.definition)) is problem.definition


def test_the_reference_of_data_is_the_plain_problem_s():
    names = "logistic_breast_cancer[noise=0.1]", "logistic_breast_cancer"
    ours, plain = (reference(optbench.problem(name)) for name in names)
    assert ours == plain


# ----------------------------------------------------------------------------------- in a study


def study(*problems):
    return Study(name="s", optimizers=["adam"], problems=list(problems))


def labels(problems, filters=None):
    own = study(*problems)
    return [pair.problem.label for pair in expand(narrowed(own, filters) if filters else own)[0]]


def test_a_study_takes_names_tables_and_globs():
    assert labels(["sphere[noise=0.1]"]) == ["sphere[noise=0.1] (d=2)", "sphere[noise=0.1] (d=10)"]
    table = {"name": "sphere", "noise": 0.1, "rotate": True, "dims": [3]}
    assert labels([table]) == ["sphere[rotate=true,noise=0.1] (d=3)"]
    assert labels([{"name": "*_ellipsoid_1e2", "stale": 2, "dims": [4]}]) == [
        "rotated_ellipsoid_1e2[stale=2] (d=4)"
    ]
    two = labels([{"name": "nois?_power_law"}, "rotated_ellipsoid_1e?[noise=0.1]"])
    assert [label.partition("[")[0] for label in two[1:]] == [
        f"rotated_ellipsoid_1e{k}" for k in (2, 4, 6)
    ]


def test_filters_take_whole_names_and_globs_of_bases():
    problems = ["sphere", "sphere[noise=0.1]", "reddi"]
    assert len(labels(problems, Filters(problems=["sphere[noise=0.1]"]))) == 2
    assert len(labels(problems, Filters(problems=["sph*"]))) == 4
    added = labels(["reddi"], Filters(problems=["+sphere[stale=1]", "sphere[stale=1]"]))
    assert added == ["sphere[stale=1] (d=2)", "sphere[stale=1] (d=10)"]


# ------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sphere[nois=1]", "sphere has no perturbation 'nois': did you mean noise?"),
        ("sphere[flavour=1]", "sphere has no perturbation 'flavour': there are start_scale, "),
        ("sphere[noise=-1]", r"sphere: noise = -1.0 is outside its range \[0, 1e\+06\]"),
        ("sphere[noise=nan]", "noise = nan must be a finite number"),
        ("sphere[stale=1.5]", "outside its range whole numbers"),
        ("sphere[rotate=2]", "outside its range false or true"),
        ("sphere[noise=1,noise=2]", "noise is set twice"),
        ("sphere[noise]", "expected name=value"),
        ("rotated_ellipsoid_1e2[rotate=true]", "is rotated already; leave rotate out"),
        ("bbob_f08[drift=0.1]", "targets of bbob_f08 are absolute"),
        ("bbob_f08[misreport=0.1]", "targets of bbob_f08 are absolute"),
        ("logistic_breast_cancer[scale=10]", "scale moves the point that the surface sees"),
        ("logistic_breast_cancer[penalty=1]", "leaves the minimum where it is"),
        ("digits_mlp[noise=0.1]", "digits_mlp is a net. What perturbs a net is declared"),
        ("reddi[rotate=true]", "rotate needs two coordinates at least, not one"),
    ],
)
def test_each_wrong_name_has_one_message(name, message):
    with pytest.raises(SettingError, match=message):
        optbench.problem(name)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"nois": 1}, "field problems.0.nois is unknown; did you mean noise?"),
        ({"dim": 3}, "field problems.0.dim is unknown; did you mean dims?"),
        ({"noise": "much"}, "sphere: noise = 'much' must be a number"),
        ({"noise": True}, "sphere: noise = True must be a number"),
    ],
)
def test_tables_of_studies_have_one_message_too(table, message):
    with pytest.raises(UserError) as refused:
        expand(study({"name": "sphere", **table}))
    assert message in str(refused.value)


def test_an_instance_is_no_definition():
    with pytest.raises(SettingError, match="what is perturbed is a problem's name, or what"):
        optbench.perturbed(optbench.problem("sphere"), noise=0.1)


def test_settings_are_in_one_place():
    with pytest.raises(UserError, match="in brackets and in its table: put all in one place"):
        study({"name": "sphere[noise=1]", "stale": 2})


def test_a_base_that_there_is_not_is_said_to_be_unknown():
    with pytest.raises(UnknownNameError, match="did you mean sphere"):
        optbench.problem("spere[noise=0.1]")


def test_gradients_older_than_the_run_are_refused_in_python_and_in_studies():
    with pytest.raises(SettingError, match="would be 20 steps old, in runs of 20 steps"):
        optbench.minimize("sgd", "sphere[stale=20]", steps=20)
    with pytest.raises(SettingError, match="would be 5000 steps old"):
        expand(study("sphere[stale=5000]").changed(steps=100))


def test_a_function_that_takes_what_there_is_not_is_refused():
    from optbench.define.perturbations import perturbation
    from optbench.define.ranges import Range

    with pytest.raises(DefinitionError, match="shake takes 'earthquake', which is none of f, g"):

        @perturbation(shaking=Range(1.0))
        def shake(f, g, earthquake):
            return f


def test_every_perturbation_names_its_source_law_and_first_setting():
    for one in PERTURBATIONS:
        assert one.source and one.law, one.name
        first = one.settings[one.first]
        assert one.off in first and first.default in first and first.default != one.off, one.name
    assert len(SETTINGS) == sum(len(one.settings) for one in PERTURBATIONS)
