"""Numbers of studies are what they equal, whatever their type; what is none is refused."""

import numpy as np
import pytest

import optbench
from optbench.cli.checks import studies
from optbench.errors import UserError
from optbench.study import schema
from optbench.study.cost import study_cost
from optbench.study.pairs import expand
from optbench.study.schema import Grid, Study, StudyError

FIELDS = dict(name="mine", optimizers=["adam"], problems=["booth"])


def test_numbers_of_studies_are_what_they_equal():
    plain = Study(
        **FIELDS, steps=1000, seeds=3, target=0.25, dtype="float64",
        lr={"low": 1.0, "high": 2.0, "count": 25},
    )  # fmt: skip
    again = Study(
        **FIELDS, steps=1e3, seeds=np.int64(3), target=np.float32(0.25), dtype=np.float64,
        lr=Grid(low=1, high=np.int8(2), count=25.0),
    )  # fmt: skip
    assert again == plain and hash(again) == hash(plain)
    assert again.model_dump_json() == plain.model_dump_json()
    assert Study(**FIELDS, lr=0.1).lr == Grid(low=0.1, high=0.1, count=1) == Grid.parse("0.1")
    assert Study(**FIELDS, target=0.3).target == 0.3
    assert Grid.parse("1e-3:1:1e1") == Grid(low=1e-3, high=1.0, count=10)


WRONG = [
    (dict(steps=True), "field steps = True must be a whole number of at least 1"),
    (dict(steps="60"), "field steps = '60' must be a whole number of at least 1"),
    (dict(steps=99999999999999999999), "field steps = 99999999999999999999 is too large"),
    (dict(seeds=2.5), "field seeds = 2.5 must be a whole number"),
    (dict(study_seed=-1), "field study_seed = -1 is out of range"),
    (dict(lr=[1.0, 2.0]), r"field lr = \[1.0, 2.0\] must be a table { low, high, count } or one"),
    (dict(lr=True), "field lr = True must be a table"),
    (dict(lr=-0.1), "field lr.low = -0.1 must be greater than 0"),
    (dict(lr={"low": "x"}), "field lr.low = 'x' must be a number"),
    (dict(lr={"lo": 1.0}), r"field lr.lo is unknown; did you mean low\?"),
    (dict(lr={"count": 10**7}), "field lr.count = 10000000 is out of range: .* from 1 to 10000"),
    (dict(lr={"low": 1.0, "high": 1.0 + 1e-7}), "field lr has rates too close together"),
    (dict(lr={"low": 1e-300, "high": 1e300}), "too far apart"),
    (dict(lr={"low": 1e-60}, dtype="float32"), "field lr.low: lr = 1e-60 is 0.0 in float32"),
    (dict(optimizers=[]), "field optimizers is empty: list at least one"),
    (dict(optimizers="adam"), "field optimizers = 'adam' must be a list"),
    (dict(optimizers=["gd", 3]), "field optimizers.1 = 3 must be a name"),
    (dict(optimizers=[{"nam": "gd"}]), "field optimizers.0 = .* must be a name, with settings"),
    (dict(problems=[]), "field problems is empty"),
    (dict(problems=[{"dims": [2]}]), "field problems.0.name is missing"),
    (dict(problems=["a", {"name": "b", "dims": [2.5]}]), "field problems.1.dims.0 = 2.5 must be"),
    (dict(problems=[{"name": "b", "dims": [2, 2.0]}]), "field problems.0.dims has 2 twice"),
    (dict(problems=[{"name": "b", "stepz": 3}]), "field problems.0.stepz is unknown; did you mean"),
    (dict(tuning_instances=[1, 1.0]), "field tuning_instances has 1 twice"),
    (dict(scoring_instances=[]), "field scoring_instances is empty"),
    (dict(tuning_instances=[3, 1, 4], scoring_instances=[3, 4, 5, 6]),
     r"tuning_instances \[3, 1, 4\] and scoring_instances \[3, 4, 5, 6\] share 3, 4"),
    (dict(dtype="float16"), "field dtype = 'float16' must be 'float64' or 'float32'"),
    (dict(stop_at_target=1), "field stop_at_target = 1 must be true or false"),
    (dict(target=1), "field target = 1 must be between 0 and 1, both excluded"),
    (dict(name="my study"), "field name = 'my study' must be of the letters"),
    (dict(name=""), "field name = ''"),
    (dict(name=".."), "field name = '..'"),
    (dict(description=3), "field description = 3 must be a text"),
    (dict(stepz=3, sedes=4), r"stepz is unknown; did you mean steps\?; field sedes is unkn"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "message"), WRONG)
def test_wrong_fields_of_studies(fields, message):
    with pytest.raises(StudyError, match=message):
        Study(**{**FIELDS, **fields})
    with pytest.raises(StudyError, match=message):
        Study(**FIELDS).changed(**fields)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"name": "adam", "lr": 1e-3, "beta1": np.float32(0.5)}, "adam[lr=0.001,beta1=0.5]"),
        ({"name": "adam", "schedule": "cosine", "eps_in_sqrt": True},
         "adam[schedule=cosine,eps_in_sqrt=true]"),
        ({"name": "*", "lr": 1 / 3}, "*[lr=0.3333333333333333]"),
        ({"name": "adam[beta1=0.8]"}, "adam[beta1=0.8]"),
    ],
)  # fmt: skip
def test_tables_of_settings_are_texts_that_read_back(table, text):
    (written,) = Study(**{**FIELDS, "optimizers": [table]}).optimizers
    assert written == text
    if "*" not in text:
        optimizer = optbench.optimizer(written)
        for name, value in table.items():
            if name not in ("name", "lr"):
                assert optimizer.values[name] == value


@pytest.mark.parametrize(
    ("field", "thing"),
    [
        ("optimizers", optbench.optimizers()["gd"]), ("optimizers", lambda params, lr: None),
        ("problems", optbench.problems()["booth"]), ("problems", optbench.problems()["wine_mlp"]),
    ],
)  # fmt: skip
def test_what_a_script_has_defined_is_for_a_file(field, thing):
    with pytest.raises(StudyError, match=r"give run\(study, folders=FOLDER\).*torch:module.Class"):
        Study(**{**FIELDS, field: [thing]})


def test_a_range_of_a_guest_may_stand_in_a_table():
    table = {"name": "torch:Adam", "beta1": "0.8:0.99", "amsgrad": True}
    (written,) = Study(**{**FIELDS, "optimizers": [table]}).optimizers
    assert written == "torch:Adam[beta1=0.8:0.99,amsgrad=true]"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"name": "adam", "beta1": [1, 2]}, r"optimizers.0.beta1 = \[1, 2\] must be a number"),
        ({"name": "adam", "beta1": "0.9"}, "beta1 = '0.9' must be a number, true, false, a name"),
        ({"name": "adam", "beta1": "inf"}, "beta1 = 'inf' must be a number"),
        ({"name": "adam", "beta1": float("nan")}, "beta1 = nan must be a finite number"),
        ({"name": "adam", "schedule": "cosine,lr=3"}, "schedule = 'cosine,lr=3' must be"),
        ({"name": "adam", "a=1,b": 2}, "'a=1,b' is not the name of a hyperparameter"),
        ({"name": "adam[beta1=0.8]", "lr": 0.1}, "put all in one place"),
    ],
)
def test_tables_that_would_read_back_as_something_else(table, message):
    with pytest.raises(StudyError, match=message):
        Study(**{**FIELDS, "optimizers": [table]})


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("my study.toml", "my-study"), ("größe.toml", "grosse"), ("Été 2.TOML", "ete-2"),
        ("日本.toml", "study"), ("..toml", "study"), ("plain_1.2-b.toml", "plain_1.2-b"),
    ],
)  # fmt: skip
def test_files_of_any_name_are_studies(tmp_path, file, name):
    path = tmp_path / file
    path.write_text("optimizers = ['adam']\nproblems = ['booth']\nsteps = 1e3\n", "utf-8-sig")
    loaded = schema.read_study(path)
    assert (loaded.name, loaded.steps) == (name, 1000)
    assert loaded == Study(**{**FIELDS, "name": name}, steps=1000)


def test_a_wrong_field_of_a_file_is_said_with_the_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("optimizers = ['adm']\nproblems = ['booth']\n")
    loaded = schema.read_study(path)
    with (
        pytest.raises(UserError, match=r"mine.toml: field optimizers.0: unknown optimizer 'adm'"),
        loaded.locating("optimizers", 0),
    ):
        optbench.optimizer("adm")
    with (
        pytest.raises(UserError, match="^unknown optimizer 'adm'"),
        loaded.changed(optimizers=["adm"]).locating("optimizers", 0),
    ):
        optbench.optimizer("adm")
    for text, message in (
        ("lr = 'x'", "field lr = 'x' must be"),
        ("steps = 1 2", "not valid TOML"),
    ):
        path.write_text(f"optimizers = ['adam']\nproblems = ['booth']\n{text}\n")
        with pytest.raises(StudyError, match=rf"mine.toml: .*{message}"):
            schema.read_study(path)


@pytest.mark.parametrize("thing", [None, 3, b"quick", ["quick"]])
def test_what_is_no_study_is_refused(thing):
    with pytest.raises(StudyError, match="a study is the name of a built-in one, the path of"):
        optbench.run(thing)


def test_what_a_study_costs():
    small = Study(**FIELDS, steps=100, seeds=2, lr={"count": 5})
    price = study_cost(expand(small)[0], small, threads=1)
    # 5 rates and the default on 10 tuning and on 20 scoring instances, 2 seeds each; two of them on
    # the canonical draw.
    assert (price.lanes, price.lane_steps) == (10 * 2 * 6 + 20 * 2 * 6 + 2, 36200)
    for fields in (dict(seeds=10**9), dict(steps=10**13), dict(seeds=10**6, lr={"count": 10**4})):
        huge = small.changed(**fields)
        with pytest.raises(StudyError, match=r"study mine: 1 pair would take .*: lower seeds \(\d"):
            study_cost(expand(huge)[0], huge)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("lr = { low = 1e-2, high = 1.0, count = 5 }", "1000 steps, 5 rates from 0.01 to 1"),
        ('space = "all"\ntrials = 9', "1000 steps, 9 draws of all settings"),
        ('space = ["lr", "beta1"]\ntrials = 1', "1000 steps, 1 draw of lr, beta1"),
    ],
)
def test_a_study_that_is_checked_says_what_it_tries(tmp_path, fields, said):
    path = tmp_path / "mine.toml"
    path.write_text(f"optimizers = ['adam']\nproblems = ['booth']\n{fields}\n")
    (found,) = [one for one in studies.report(str(path)).findings if one.check == "fields"]
    assert found.text.endswith(said)
