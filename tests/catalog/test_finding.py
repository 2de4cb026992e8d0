"""Finding problems, the user's own included, and refusing what is declared wrongly."""

import sys
import textwrap

import numpy as np
import pytest
from click.testing import CliRunner

import optbench
from optbench.catalog import finding
from optbench.cli import main
from optbench.define import registry
from optbench.define.plugins import PluginWarning
from optbench.errors import DefinitionError, UnknownNameError, UserError

MINE = """
    from optbench.define import problem

    @problem(start=[1.0, 2.0], minimum=[0.0, 0.0], f_min=0.0)
    def {name}(x, g):
        g[0] = 2.0 * x[0]
        g[1] = 4.0 * x[1]
        return x[0] * x[0] + 2.0 * x[1] * x[1]
"""


def write(folder, name, text):
    (folder / name).write_text(textwrap.dedent(text))
    return (folder,)


def test_a_file_in_a_folder_is_all_it_takes(tmp_path):
    folders = write(tmp_path, "mine.py", MINE.format(name="my_bowl"))
    found = finding.definition("my_bowl", folders)
    assert optbench.problem(found).value([1.0, 2.0]) == 9.0
    run = optbench.minimize("adam", found, steps=500, lr=0.1)
    assert run.best[0] < 1e-6


def test_unknown_names_get_suggestions():
    with pytest.raises(UnknownNameError, match="did you mean rosenbrock"):
        optbench.problem("rosenbrok")


def definition_with_warning(name, folders):
    """Ask for a problem that is left out, with a warning for the others' sake."""
    with pytest.warns(PluginWarning, match="left out"):
        assert len(finding.problems(folders)) >= len(finding.problems())
    return finding.definition(name, folders)


def test_a_second_problem_of_the_same_name_names_both_files(tmp_path):
    folders = write(tmp_path, "again.py", MINE.format(name="sphere"))
    with pytest.raises(
        DefinitionError, match=r"again\.py:.*declared a second time.*quadratics\.py"
    ):
        definition_with_warning("sphere", folders)
    assert finding.definition("booth", folders).name == "booth"


def test_a_file_that_raises_harms_nothing_else_and_is_named(tmp_path):
    folders = write(tmp_path, "fine.py", MINE.format(name="fine"))
    write(tmp_path, "broken.py", MINE.format(name="mine") + "\n    raise RuntimeError('no luck')")
    with pytest.raises(
        DefinitionError, match=r"broken\.py:\d+: cannot be imported: Runtime.*no luck"
    ):
        definition_with_warning("mine", folders)
    assert optbench.problem(finding.definition("fine", folders)).value([1.0, 2.0]) == 9.0
    (left_out,) = finding.named(folders).refused
    assert left_out.name == "broken" and "Traceback" in left_out.trace
    with pytest.raises(UnknownNameError):
        finding.definition("nobody", folders)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:\n", r"wrong\.py:1: cannot be imported: SyntaxError"),
        ("import nowhere_to_be_found", r"wrong\.py:1: cannot be imported: ModuleNotFoundError"),
        ("import sys\nsys.exit('bye')", r"wrong\.py:2: cannot be imported: SystemExit: bye"),
        (
            "from optbench import define\n\n@define.optimizer\ndef f(x, g, lr):\n    return x",
            r"wrong\.py:3: cannot be imported: @define\.optimizer needs parentheses",
        ),
    ],
)
def test_what_cannot_be_imported_is_named_with_its_line(tmp_path, text, message):
    folders = write(tmp_path, "wrong.py", text)
    with pytest.raises(DefinitionError, match=message):
        definition_with_warning("wrong", folders)


def test_a_broken_file_of_the_catalog_itself_raises(tmp_path, monkeypatch):
    write(tmp_path, "ours.py", "1 / 0")
    monkeypatch.setattr(finding, "catalog_folder", lambda: tmp_path)
    monkeypatch.setattr(registry, "_names", registry._names.__wrapped__)
    with pytest.raises(DefinitionError, match=r"ours\.py:1: cannot be imported: ZeroDivision"):
        finding.problems()


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(DefinitionError, match="no such folder"):
        finding.problems((tmp_path / "nowhere",))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package with the given module text and entry points, for this test alone."""

    def install(text, *entries):
        folder = tmp_path / "site"
        info = folder / "surfaces_of_mine-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: surfaces-of-mine\nVersion: 1.0\n"
        )
        lines = "\n".join(entries)
        (info / "entry_points.txt").write_text(f"[optbench.problems]\n{lines}\n")
        (folder / "surfaces_of_mine.py").write_text(textwrap.dedent(text))
        monkeypatch.syspath_prepend(str(folder))

    monkeypatch.setattr(registry, "_names", registry._names.__wrapped__)
    yield install
    sys.modules.pop("surfaces_of_mine", None)


@pytest.mark.parametrize("value", ["", ":packaged", ":several"])
def test_a_package_registers_an_entry_point(package, value):
    text = textwrap.dedent(MINE.format(name="packaged")) + "\nseveral = [packaged]"
    package(text, f"anything = surfaces_of_mine{value}")
    assert optbench.problem("packaged").value([1.0, 2.0]) == 9.0


def test_a_broken_package_harms_nothing_and_is_listed(package):
    package("raise RuntimeError('no luck')", "bad = surfaces_of_mine", "worse = math:pi")
    done = CliRunner().invoke(main.main, ["list", "problems"])
    assert done.exit_code == 0 and "sphere" in done.output
    assert "optbench: left out: entry point bad" in done.stderr
    assert "left out: entry point bad = surfaces_of_mine: RuntimeError: no luck" in done.output
    assert "Traceback" in done.output and "worse = math:pi" in done.output
    with pytest.warns(PluginWarning), pytest.raises(DefinitionError, match="no luck"):
        finding.definition("bad")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("bad(x, g)", "Bad(x, g)"), "lower snake case"),
        (("bad(x, g)", "bad(y, g)"), "must take x"),
        (("bad(x, g)", "bad(x, p, g)"), "must take x, then g"),
        (("bad(x, g)", "bad(x, g, other)"), "may take any of p, q"),
        (("minimum=[0.0, 0.0]", "minimum=[0.0, 0.0, 0.0]"), "minimum has 3 coordinates"),
        (("start=[1.0, 2.0]", "start=[1.0, float('nan')]"), "nan in its start: give finite"),
        (("start=[1.0, 2.0]", "start='here'"), "'h' in its start: give finite numbers"),
        (("f_min=0.0", "f_min=0.0, box=(1.0, -1.0)"), "every low end must be below its high"),
        (("f_min=0.0", "f_min=0.0, box=3.0"), r"give \(low, high\)"),
        (("f_min=0.0", "f_min=0.0, box=([0.0] * 3, 1.0)"), "low end has 3 coordinates"),
    ],
)
def test_wrong_declarations_name_the_file_and_the_line(tmp_path, change, message):
    folders = write(tmp_path, "wrong.py", MINE.format(name="bad").replace(*change))
    with pytest.raises(DefinitionError, match=rf"wrong\.py:\d+: .*{message}"):
        definition_with_warning("wrong", folders)


def test_wrong_dimensions_and_instances_and_points_are_refused():
    with pytest.raises(UserError, match="exists in 2 only"):
        optbench.problem("booth", 3)
    with pytest.raises(UserError, match="instance = -1"):
        optbench.problem("booth", instance=-1)
    with pytest.raises(UserError, match=r"shape \[2\]"):
        optbench.problem("booth").value([1.0, 2.0, 3.0])


def test_points_come_alone_or_in_rows():
    problem = optbench.problem("booth")
    rows = np.array([[0.0, 0.0], [1.0, 3.0]])
    assert problem.value(rows).tolist() == [74.0, 0.0]
    assert problem.value([0.0, 0.0]) == 74.0
    assert problem.grad(rows).shape == (2, 2)
