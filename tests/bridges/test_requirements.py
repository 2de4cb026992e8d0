"""What bridges ask for, and what they refuse, without torch or JAX."""

import subprocess
import sys

import pytest

import optbench
from optbench.bridges.requirements import depends_on_steps, depends_on_value
from optbench.errors import SettingError


@pytest.mark.parametrize("make", [optbench.as_torch, optbench.as_optax])
@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("sophia", "products with the Hessian"),
        ("adam[centralise=true]", "centralisation is for surfaces"),
        ("adam[beta1=2]", "beta1"),
        (("adam",), "an optimizer is a name"),
    ],
)
def test_what_training_loops_cannot_serve_is_refused(make, spec, message):
    with pytest.raises(SettingError, match=message):
        make(spec)


@pytest.mark.parametrize(
    ("spec", "depends"),
    [
        ("adam", False), ("adam[schedule=cosine]", True), ("adam[warmup=0.1]", True),
        ("adam[ema=0.9]", False), ("adam[ema=0.9,ema_start=0.5]", True),
    ],
)  # fmt: skip
def test_who_depends_on_the_number_of_steps(spec, depends):
    assert depends_on_steps(optbench.optimizer(spec)) is depends


def test_who_looks_at_the_loss():
    assert depends_on_value(optbench.optimizer("polyak"))
    assert depends_on_value(optbench.optimizer("gd[plateau_factor=0.5]"))
    assert not depends_on_value(optbench.optimizer("adam"))


@pytest.mark.parametrize(("bridge", "package"), [("as_torch", "torch"), ("as_optax", "jax")])
def test_a_missing_package_is_one_message(bridge, package):
    code = (
        f"import sys; sys.modules[{package!r}] = None\nimport optbench\n"
        f"try:\n    optbench.{bridge}('adam')\n"
        "except optbench.errors.UserError as error:\n    print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", f"import optbench.errors\n{code}"], capture_output=True, text=True
    )
    assert f"{bridge} needs {package}, which is not installed: pip install" in result.stdout
