"""Small neural networks: data, layers, and nets as problems for the engine."""

import importlib

__all__ = ["MLP", "Net"]

_MODULES = {"MLP": "optbench.nets.mlp", "Net": "optbench.nets.net"}


def __getattr__(name: str) -> object:
    # `import optbench` must stay quick, and nets bring Numba.
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
