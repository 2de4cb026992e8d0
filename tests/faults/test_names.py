"""Names of problems and optimizers: where they are looked up, and what is left out."""

import pytest

import optbench
from optbench.catalog import finding
from optbench.cli.checks import names
from optbench.define import shipped
from optbench.errors import DefinitionError, SettingError, UnknownNameError
from optbench.rules import registry
from optbench.study.schema import Study
from tests.command_line import call
from tests.faults.author_files import BOWL, RULE, write

pytestmark = pytest.mark.filterwarnings("ignore::optbench.define.plugins.PluginWarning")


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
    done = call("check", "only_here", "--plugins", folder)
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
    assert [one.name for one in finding.named(folder).refused] == ["folder"]
    listed = call("list", "problems", "--plugins", folder).output
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
    for look_up in (rules.find, optbench.optimizer, names.check):
        with pytest.raises(SettingError, match="scipy_cg is a baseline"):
            look_up("scipy_cg")
    done = call("run", "quick", "-o", "+scipy_*", "-p", "himmelblau", "--dry-run")
    assert done.exit_code == 0 and "scipy_newton_cg on himmelblau" in done.output
    study = Study(name="s", optimizers=["random_*"], problems=["booth"])
    from optbench.study.pairs import expand

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
    assert "is that of a baseline" in registry.named(folder).refused[0].message


def test_names_to_check_come_once(tmp_path):
    folder = write(tmp_path / "broken.py", "1 / 0")
    every = names.checkable_names(folder)
    assert len(every) == len(set(every)) and "broken" in every and "scipy_cg" not in every


@pytest.mark.parametrize("layout", ["installed", "tree", "neither"])
def test_a_folder_problems_beside_an_installed_package_is_not_the_catalog(
    tmp_path, monkeypatch, layout
):
    write(tmp_path / "optbench" / "define" / "shipped.py", "")
    write(tmp_path / "problems" / "of_another.py", "1 / 0")
    monkeypatch.setattr(shipped, "__file__", str(tmp_path / "optbench" / "define" / "shipped.py"))
    monkeypatch.setattr(shipped.importlib.util, "find_spec", lambda name: None)
    if layout == "installed":
        write(tmp_path / "optbench_problems" / "ours.py", "")
        assert finding.catalog_folder() == tmp_path / "optbench_problems"
    elif layout == "tree":
        write(tmp_path / "pyproject.toml", "")
        assert finding.catalog_folder() == tmp_path / "problems"
    else:
        with pytest.raises(optbench.errors.UserError, match="catalog is missing"):
            finding.catalog_folder()
