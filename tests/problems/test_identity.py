"""A problem's identity follows from its content: all of it, and nothing else."""

import textwrap

import pytest

import optbench
from optbench.catalog import building
from optbench.catalog.identity import problem_identity
from optbench.define import plugins
from optbench.errors import DefinitionError

TEXT = """
    import numpy as np
    from optbench.define import problem

    SCALE = 2.0
    TABLE = (1.0, 2.0)
    ARRAY = np.array([1.0, 2.0])

    def helper(v):
        return SCALE * v * v

    def deeper(v):
        return helper(v) + TABLE[0]

    def make(k):
        @problem(start=[1.0, 2.0], minimum=[0.0, 0.0], f_min=1.0, name="mine")
        def mine(x):
            return deeper(x[0]) + k * x[1] ** 2 + ARRAY[0] - 1.0
        return mine

    mine = make(3.0)
"""


def identity(folder, *changes, dim=None, instance=None):
    text = textwrap.dedent(TEXT)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder.mkdir(exist_ok=True)
    path = folder / f"file{len(list(folder.iterdir()))}.py"
    path.write_text(text)
    (definition,) = plugins.definitions(path, plugins.PROBLEM)
    return problem_identity(optbench.problem(definition, dim, instance))


CHANGES = {
    "the function": ("x[1] ** 2", "x[1] ** 4"),
    "a helper": ("SCALE * v * v", "SCALE * v * v * v"),
    "a constant of a helper": ("SCALE = 2.0", "SCALE = 2.5"),
    "a table": ("(1.0, 2.0)", "(1.0, 2.1)"),
    "an array": ("np.array([1.0, 2.0])", "np.array([1.0, 2.5])"),
    "a closure": ("make(3.0)", "make(4.0)"),
    "the start": ("start=[1.0, 2.0]", "start=[1.0, 2.5]"),
    "the minimum": ("minimum=[0.0, 0.0]", "minimum=[0.0, 1.0]"),
    "f_min": ("f_min=1.0", "f_min=1.5"),
    "the box": ("f_min=1.0", "f_min=1.0, box=(-7.0, 7.0)"),
    "the name": ('name="mine"', 'name="other"'),
    "the family, which draws depend on": ('name="mine"', 'name="mine", family="kin"'),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_the_numbers_changes_the_identity(change, tmp_path):
    assert identity(tmp_path) != identity(tmp_path, CHANGES[change])


@pytest.mark.parametrize(
    "change",
    [
        ("SCALE = 2.0", "# a comment\n\n\nSCALE = 2.0  # and another"),
        ("SCALE = 2.0", "SCALE = 2.0\nUNRELATED = 5.0"),
        ('name="mine"', 'name="mine", tags=["convex"], source="me"'),
    ],
)
def test_what_does_not_change_them_does_not(change, tmp_path):
    assert identity(tmp_path) == identity(tmp_path / "elsewhere", change)


def test_instances_differ_and_seeds_do_not_matter(tmp_path):
    found = {identity(tmp_path, instance=i) for i in (None, 1, 2)}
    assert len(found) == 3
    problem = optbench.problem("noisy_quadratic", instance=1)
    before = problem_identity(problem)
    problem.starts([5], study_seed=3)
    problem.keys([5], study_seed=3)
    fresh = building._surface.__wrapped__(problem.definition, problem.dim, 1)
    assert fresh is not problem and problem_identity(fresh) == before


def test_all_identities_of_the_catalog_differ():
    found = [problem_identity(optbench.problem(name)) for name in optbench.problems()]
    assert len(set(found)) == len(found)


def test_content_that_is_not_known_is_refused():
    class Secret:
        value = 2.0

    secret = Secret()

    @optbench.define.problem(start=[1.0])
    def mine(x):
        return x[0] * secret.value

    with pytest.raises(DefinitionError, match=r"test_identity\.py:\d+: mine uses .*Secret"):
        assert problem_identity(optbench.problem(mine))
