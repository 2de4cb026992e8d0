"""Bridges where the other side is not installed: one message says what to install."""

import sys

import pytest

import optbench
from optbench.errors import UserError


@pytest.mark.parametrize(
    ("bridge", "module", "library", "asked"),
    [
        ("as_torch", "torch_optimizer", "torch", "pip install torch"),
        ("as_optax", "jax_transform", "jax", "pip install jax optax"),
    ],
)
def test_what_is_missing_is_said(bridge, module, library, asked, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"optbench.bridges.{module}", raising=False)
    with pytest.raises(UserError, match=rf"{bridge} needs {library}, which is not.*{asked}"):
        getattr(optbench, bridge)("adam")
