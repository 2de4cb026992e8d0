"""Names that targets supply: a stub that nobody replaced, or a name that is not there, is an error.

`Binder` and the CPU's driver bind with the same `with_globals`.
"""

import ast
import inspect
import types

import numpy as np
import pytest

from optbench.kernels.compiling.supplied import Supplied, with_globals
from optbench.kernels.cuda.onelane import Binder
from optbench.kernels.driver import passes, points, steps, target

scale = Supplied("A factor.")


@Supplied
def shifted(x):
    """Return x, moved."""


def line(x):
    return scale * shifted(x)


def careless(x):
    return scale * moved(x)  # noqa: F821


SUPPLIED = {"scale": 2.0, "shifted": lambda x: x + 1.0, "moved": lambda x: x}


def test_a_copy_sees_what_is_supplied_and_the_function_stays_as_it_is():
    assert with_globals(line, SUPPLIED)(3.0) == 8.0
    with pytest.raises(TypeError):
        line(3.0)


def test_a_stub_that_is_not_supplied_is_named():
    with pytest.raises(NameError, match=r"test_supplied\.line uses the stub 'shifted'"):
        with_globals(line, {"scale": 2.0})


def test_a_name_that_the_module_does_not_have_is_named_even_if_it_is_supplied():
    with pytest.raises(NameError, match=r"careless uses 'moved', which its module does not have"):
        with_globals(careless, SUPPLIED)


def test_stubs_say_what_they_stand_for_and_cannot_be_called():
    assert shifted.__doc__ == "Return x, moved." and scale.__doc__ == "A factor."
    with pytest.raises(TypeError, match="shifted is supplied by targets alone"):
        shifted(1.0)


@pytest.mark.parametrize("function", [*passes.PASSES, *steps.STEPS], ids=lambda f: f.__name__)
def test_what_targets_share_is_not_bound_without_a_target(function):
    source = ast.parse(inspect.getsource(function))
    used = {node.id for node in ast.walk(source) if isinstance(node, ast.Name)}
    stubs = used & {name for name, value in vars(target).items() if isinstance(value, Supplied)}
    if stubs:
        with pytest.raises(NameError, match="uses the stub"):
            with_globals(function, {})
    else:
        assert isinstance(with_globals(function, {}), types.FunctionType)


def test_a_function_of_the_driver_whose_callee_was_renamed_is_refused_by_the_binder():
    binder = Binder.of(np.dtype("float64"), lambda copy: copy, {})
    with pytest.raises(NameError, match="evaluate uses the stub 'call_problem'"):
        binder.bind(points.evaluate)
