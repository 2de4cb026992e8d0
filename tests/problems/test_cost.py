"""Value and gradient together cost little more than the value alone."""

import numpy as np

from .cost import ratio, without_gradient
from .helpers import DEFINITIONS, SURFACES


def test_what_only_serves_the_gradient_is_taken_out():
    bare = without_gradient(DEFINITIONS["rastrigin"].function)
    x = np.array([0.3, -1.2])
    assert bare(x, None) == DEFINITIONS["rastrigin"](x, np.empty(2))
    assert "sin" not in bare.__code__.co_names
    assert without_gradient(DEFINITIONS["trigonometric"].function) is None


def test_gradients_by_hand_share_the_work_of_the_value():
    functions = {d.function: d for d in SURFACES if not d.stochastic}  # some share one
    few = list(functions.values())[::8]  # compiling each a second time takes a while
    ratios = [found for found in map(ratio, few) if found is not None]
    assert len(ratios) > 0.8 * len(few)
    assert np.exp(np.mean(np.log(ratios))) <= 2.5
