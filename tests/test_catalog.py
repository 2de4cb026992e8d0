"""Finding problems, the user's own included, and refusing what is declared wrongly."""

import textwrap

import numpy as np
import pytest

import optbench
from optbench import catalog
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
    found = catalog.definition("my_bowl", folders)
    assert optbench.problem(found).value([1.0, 2.0]) == 9.0
    run = optbench.minimize("adam", found, steps=500, lr=0.1)
    assert run.best[0] < 1e-6


def test_unknown_names_get_suggestions():
    with pytest.raises(UnknownNameError, match="did you mean rosenbrock"):
        optbench.problem("rosenbrok")


def test_a_second_problem_of_the_same_name_names_both_files(tmp_path):
    folders = write(tmp_path, "again.py", MINE.format(name="sphere"))
    with pytest.raises(DefinitionError, match=r"again\.py:.*declared a second time.*convex\.py"):
        catalog.problems(folders)


def test_a_file_that_raises_is_named(tmp_path):
    folders = write(tmp_path, "broken.py", "raise RuntimeError('no luck')")
    with pytest.raises(DefinitionError, match=r"broken\.py: cannot be imported.*no luck"):
        catalog.problems(folders)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("def Bad(x, g)", "lower snake case"),
        ("def bad(y, g)", "must take x and g"),
        ("def bad(x, g, other)", "may take any of p, q"),
    ],
)
def test_wrong_declarations_name_the_file_and_the_line(tmp_path, change, message):
    text = MINE.format(name="bad").replace("def bad(x, g)", change)
    folders = write(tmp_path, "wrong.py", text)
    with pytest.raises(DefinitionError, match=rf"wrong\.py.*{message}"):
        catalog.problems(folders)


def test_wrong_dimensions_and_instances_and_points_are_refused():
    with pytest.raises(UserError, match="exists in 2 only"):
        optbench.problem("booth", 3)
    with pytest.raises(UserError, match="instance 0"):
        optbench.problem("booth", instance=0)
    with pytest.raises(UserError, match=r"shape \[2\]"):
        optbench.problem("booth").value([1.0, 2.0, 3.0])


def test_points_come_alone_or_in_rows():
    problem = optbench.problem("booth")
    rows = np.array([[0.0, 0.0], [1.0, 3.0]])
    assert problem.value(rows).tolist() == [74.0, 0.0]
    assert problem.value([0.0, 0.0]) == 74.0
    assert problem.grad(rows).shape == (2, 2)
