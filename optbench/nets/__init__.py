"""Small neural networks: data, layers, and nets as problems for the engine."""

__all__ = ["MLP"]


def __getattr__(name: str) -> object:
    # `import optbench` must stay quick, and MLP brings Numba.
    if name == "MLP":
        from optbench.nets.mlp import MLP

        return MLP
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
