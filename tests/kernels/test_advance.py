"""A run that is cut anywhere goes on to the same bytes."""

import numpy as np
import pytest

from optbench.kernels.driver.events import RUNNING
from tests.surfaces import bowl, shaking_bowl

from .plain_driver import PlainDriver

STARTS, RATES, STEPS = [[1.0, 2.0], [1e200, 1.0], [-3.0, 0.5]], [0.05, 0.1, 30.0], 11


def cut_after(driver, steps):
    """Have a driver call `advance` for so many steps at a time; return how often it is called."""
    scope = driver.binder.scope["run_block"].__globals__
    advance, calls = scope["advance"], []

    def in_pieces(run, even, odd, first, end, last):
        t = first
        while t < end:
            until = min(t + steps, end)
            t, last = advance(run, even, odd, t, until, last)
            calls.append(t)
            if t < until or not (run.scratch.phase == RUNNING).any():
                break
        return t, last

    scope["advance"] = in_pieces
    return calls


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize(
    ("optimizer", "definition"),
    [
        ("gd", bowl), ("adam", bowl), ("adam[sam_rho=0.05]", bowl), ("gd[ema=0.9]", bowl),
        ("sgd", shaking_bowl),
    ],
)  # fmt: skip
def test_a_run_goes_on_where_it_was_cut(optimizer, definition, steps):
    whole = PlainDriver(definition, optimizer).run(STARTS, RATES, STEPS)
    driver = PlainDriver(definition, optimizer)
    calls = cut_after(driver, steps)
    cut = driver.run(STARTS, RATES, STEPS)
    assert len(calls) > STEPS // steps
    for name, array in whole._asdict().items():
        np.testing.assert_array_equal(getattr(cut, name), array, name)
