"""Optimizers of torch that users write: what they may do to parameters, and what they raise."""

import numpy as np
import pytest

import optbench
from optbench.errors import UserCodeError

pytestmark = pytest.mark.conformance


def plain_descent():
    import torch

    class Plain(torch.optim.Optimizer):
        def __init__(self, params, lr=1e-3):
            super().__init__(params, {"lr": lr})

        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    self.move(p, group["lr"])

        def move(self, p, lr):
            p -= lr * p.grad

    return Plain


def test_the_start_is_there_when_an_optimizer_is_made():
    class Remembers(plain_descent()):
        def __init__(self, params, lr=1e-3):
            super().__init__(params, lr)
            self.first = [p.detach().clone() for p in self.param_groups[0]["params"]]

        def move(self, p, lr):
            p.copy_(self.first[0])

    given = optbench.minimize(Remembers, "rosenbrock", steps=5, lr=1e-3)
    np.testing.assert_array_equal(given.x[0], [-1.2, 1.0])


def test_parameters_that_get_other_memory_are_found():
    class Rebinds(plain_descent()):
        def move(self, p, lr):
            p.data = p.data - lr * p.grad

    given = optbench.minimize(Rebinds, "rosenbrock", steps=50, lanes=2, lr=1e-3)
    own = optbench.minimize("gd", "rosenbrock", steps=50, lanes=2, lr=1e-3)
    np.testing.assert_allclose(given.x, own.x, rtol=1e-14)


def test_what_spoils_its_gradient_spoils_no_other():
    class Spoils(plain_descent()):
        def move(self, p, lr):
            p -= lr * p.grad
            p.grad.fill_(float("nan"))

    given = optbench.minimize(Spoils, "rosenbrock", steps=50, lanes=2, lr=1e-3)
    own = optbench.minimize("gd", "rosenbrock", steps=50, lanes=2, lr=1e-3)
    np.testing.assert_allclose(given.x, own.x, rtol=1e-14)


def test_a_norm_over_all_numbers_is_taken_lane_by_lane():
    """What joins lanes is tried out: clipping by the norm of two lanes would be another rule."""

    class Clips(plain_descent()):
        def move(self, p, lr):
            p -= lr * p.grad * min(1.0, 1.0 / (float(p.grad.norm()) + 1e-6))

    given = optbench.minimize(Clips, "rosenbrock", steps=100, lanes=4, lr=1e-2)
    own = optbench.minimize("gd[clip_norm=1]", "rosenbrock", steps=100, lanes=4, lr=1e-2)
    np.testing.assert_allclose(given.x, own.x, rtol=1e-12)


def test_what_a_guest_raises_has_its_file_and_line():
    class Fails(plain_descent()):
        def move(self, p, lr):
            if self.state[p].setdefault("t", 0) == 3:
                raise ValueError("three is enough")
            self.state[p]["t"] += 1

    with pytest.raises(
        UserCodeError, match=r"step 4: ValueError: three is enough \(.*test_own_guests"
    ):
        optbench.minimize(Fails, "rosenbrock", steps=20, lanes=40, lr=1e-3)
    # The next launch knows nothing of it.
    assert optbench.minimize("torch:SGD", "rosenbrock", steps=3, lr=1e-3).status[0] == "budget"


def test_an_interruption_ends_the_launch():
    class Interrupts(plain_descent()):
        def move(self, p, lr):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        optbench.minimize(Interrupts, "rosenbrock", steps=20, lr=1e-3)


def test_another_dtype_is_refused():
    class Halves(plain_descent()):
        def move(self, p, lr):
            p.data = p.data.half()

    with pytest.raises(UserCodeError, match="step 1 has made a parameter torch.float16"):
        optbench.minimize(Halves, "rosenbrock", steps=5, lr=1e-3)
