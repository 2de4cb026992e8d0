"""Where torch or JAX is not installed, what needs it says so in one message."""

import sys

import pytest

import optbench
from optbench.errors import UserError

BRIDGES = {
    "as_torch": ("optbench.bridges.torch_optimizer", ["torch"]),
    "as_optax": ("optbench.bridges.jax_transform", ["jax", "optax"]),
}


@pytest.mark.parametrize(
    ("bridge", "missing", "command"),
    [
        ("as_torch", "torch", "pip install torch"),
        ("as_optax", "jax", "pip install jax optax"),
        ("as_optax", "optax", "pip install jax optax"),
    ],
)
def test_a_missing_library_is_named(monkeypatch, bridge, missing, command):
    ours, _ = BRIDGES[bridge]
    if missing == "optax":
        pytest.importorskip("jax")
    monkeypatch.delitem(sys.modules, ours, raising=False)  # as if never imported
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UserError) as caught:
        getattr(optbench, bridge)("adam")
    assert str(caught.value) == f"{bridge} needs {missing}, which is not installed: {command}"


@pytest.mark.parametrize("bridge", BRIDGES)
def test_what_is_wrong_with_the_rule_is_said_without_the_library(monkeypatch, bridge):
    for library in BRIDGES[bridge][1]:
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UserError, match=f"{bridge}: sophia takes products with the Hessian"):
        getattr(optbench, bridge)("sophia")
