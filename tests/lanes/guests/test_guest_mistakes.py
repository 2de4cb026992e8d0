"""A guest that cannot be run, or is written wrongly, says why and what to do."""

import sys

import numpy as np
import pytest

import optbench
from optbench.errors import UserError

pytestmark = pytest.mark.conformance


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("torch:Adm", "torch.optim has no 'Adm': did you mean Adam"),
        ("torch:LBFGS", "needs a closure"),
        ("torch:nowhere.X", "there is no module 'nowhere'"),
        ("torch:torch.nn.Linear", "is no optimizer"),
        ("torch:Adam[beta1=1.5]", "cannot be made with betas=.*Invalid beta"),
        ("torch:Adam[betas=0.5]", "has no setting 'betas': its numbers are beta1 and beta2"),
        ("torch:Adam[beta1=0.8:0.9]", "is a range, which studies search; give a number"),
        ("torch:Adam[clip_norm=1]", "our wrappers go around compiled rules alone"),
        ("torch:Adam[lr=1e-4:1e-2]", "give --lr"),
        ("torch:Adam[beta1=0.9:0.5]", "LOW:HIGH"),
        ("torch:SparseAdam", "step 1: RuntimeError: SparseAdam does not support dense"),
        ("torch:Muon", "only supports 2D"),
        ("optax:Lion", "optax has no 'Lion': did you mean lion"),
        ("optax:apply_updates", "takes no learning_rate"),
        ("optax:lbfgs", "value_fn"),
    ],
)
def test_what_cannot_be_run_says_why(spec, message):
    with pytest.raises(UserError, match=message):
        optbench.minimize(spec, "rosenbrock", steps=5)


OPTAX_MISTAKES = """
import jax.numpy as jnp, numpy as np, optax

def of(update):
    return optax.GradientTransformation(lambda p: (), update)

def numpy(learning_rate):
    return of(lambda g, s, p=None: (-learning_rate * np.sign(g), s))

def branch(learning_rate):
    return of(lambda g, s, p=None: (-learning_rate * g if g[0] > 0 else g, s))

def updates_alone(learning_rate):
    return of(lambda g, s, p=None: -learning_rate * g)

def one_number(learning_rate):
    return of(lambda g, s, p=None: (-learning_rate * jnp.max(g), s))

def nothing(learning_rate):
    of(None)
"""
TORCH_MISTAKES = """
import torch

class Mine(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3):
        super().__init__(params, dict(lr=lr))

class Closure(Mine):
    def step(self, closure=None):
        return closure()

class Slopes(Mine):
    def step(self, closure=None):
        for p in self.param_groups[0]["params"]:
            p -= 0.1 * p.grad

def nothing(params, lr=1e-3):
    torch.optim.Adam(params, lr=lr)
"""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("optax:wrong_optax.numpy", r"step 1: Tracer.*write jax.numpy in its place \(.*optax.py:8"),
        ("optax:wrong_optax.branch", r"step 1: Tracer.*write jnp.where .*optax.py:11\)"),
        ("optax:wrong_optax.updates_alone", "does not return two things; .*return updates, state"),
        ("optax:wrong_optax.one_number", r"have the shapes \(\); expected \(2,\), as the param"),
        ("optax:wrong_optax.nothing", "returns nothing; expected an optax.GradientTransformation"),
        ("torch:wrong_torch.Mine", r"defines no step\(self, closure=None\) \(.*torch.py:4\)"),
        ("torch:wrong_torch.Closure", r"step 1: TypeError.*a step has one gradient.*torch.py:10\)"),
        ("torch:wrong_torch.Slopes", r"step 1: RuntimeError.*Write @torch.no_grad\(\) above"),
        ("torch:wrong_torch.nothing", "returns nothing; expected a torch.optim.Optimizer"),
    ],
)
def test_a_mistake_of_a_guest_says_what_to_do(name, message, tmp_path, monkeypatch):
    (tmp_path / "wrong_optax.py").write_text(OPTAX_MISTAKES)
    (tmp_path / "wrong_torch.py").write_text(TORCH_MISTAKES)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message):
        optbench.minimize(name, "rosenbrock", steps=5)


def test_a_setting_that_jax_cannot_trace_is_for_brackets(tmp_path, monkeypatch):
    (tmp_path / "deciding.py").write_text(
        "import optax\n"
        "def either(learning_rate, switch=1.0):\n"
        "    return optax.sgd(learning_rate) if switch > 0 else optax.adam(learning_rate)\n"
    )
    monkeypatch.chdir(tmp_path)
    named = optbench.minimize("optax:deciding.either", "rosenbrock", steps=5, lr=1e-3, switch=-1.0)
    own = optbench.minimize("adam", "rosenbrock", steps=5, lr=1e-3)
    np.testing.assert_allclose(named.x, own.x, rtol=1e-12)
    with pytest.raises(UserError, match="set it in brackets"):
        optbench.minimize(
            "optax:deciding.either", "rosenbrock", steps=5, lanes=2, lr=1e-3, switch=[1.0, -1.0]
        )
    del sys.modules["deciding"]


@pytest.mark.parametrize(
    "use",
    [
        lambda name: optbench.minimize(name, "booth", steps=5),
        lambda name: optbench.replay(name, np.ones((3, 2)), np.zeros(2)),
        lambda name: optbench.map(name, "booth", x="lr", y="x[0]", size=4, steps=5),
    ],
    ids=["minimize", "replay", "map"],
)
def test_a_range_is_refused_where_no_study_searches_it(use):
    with pytest.raises(UserError, match="beta1 is a range, which studies search"):
        use("torch:Adam[beta1=0.8:0.9]")
    use("torch:Adam[beta1=0.8]")


def test_a_value_takes_the_place_of_a_range():
    own = dict(steps=5, lr=0.1, beta1=0.5)
    taken = optbench.minimize("torch:Adam[beta1=0.8:0.9]", "booth", **own)
    assert taken.x.tobytes() == optbench.minimize("torch:Adam", "booth", **own).x.tobytes()


def test_two_schedules_of_one_rate_are_refused(tmp_path, monkeypatch):
    (tmp_path / "falling.py").write_text(
        "import torch\n"
        "class Falling(torch.optim.SGD):\n"
        "    def __init__(self, params, lr=1e-3):\n"
        "        super().__init__(params, lr=lr)\n"
        "        self.rates = torch.optim.lr_scheduler.LambdaLR(self, lambda t: 1 / (1 + t))\n"
        "    def step(self, closure=None):\n"
        "        super().step()\n"
        "        self.rates.step()\n"
    )
    monkeypatch.chdir(tmp_path)
    own = optbench.minimize("torch:falling.Falling", "booth", steps=20, lr=0.05)
    ours = optbench.minimize("gd", "booth", steps=1, lr=0.05)
    one = optbench.minimize("torch:falling.Falling", "booth", steps=1, lr=0.05)
    np.testing.assert_allclose(one.x, ours.x, rtol=1e-14)
    assert own.f[0] < own.f_start[0] and not np.array_equal(own.x, one.x)
    with pytest.raises(UserError, match=r"changes its rate itself.*leave our schedule out"):
        optbench.minimize("torch:falling.Falling", "booth", steps=5, lr=0.05, schedule="cosine")
