"""Small nets for claims, in pairs that differ in what is asked about and in nothing else."""

import functools
from collections.abc import Mapping
from typing import Any

from optbench.define import net
from optbench.define.definitions import NetDefinition
from optbench.nets import datasets


def mlp(data: str, hidden: tuple[int, ...] = (32,), **options: Any) -> NetDefinition:
    """Return a multilayer perceptron for a data set; two that are asked for alike are one.

    All have one family: they meet the same batches, and the same initial weights where shapes
    agree, so that two arms that differ in an option are pairs.

    Parameters
    ----------
    data : str
        A bundled or generated data set; see `optbench list problems` and docs/data.md.
    hidden : tuple of int
        Units of the hidden layers.
    **options
        Of `optbench.define.net`: activation, init, batch (32), dropout, batch_norm, l2, ...
    """
    return _mlp(data, hidden, tuple(sorted((k, _frozen(v)) for k, v in options.items())))


def _frozen(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, Mapping) else value


@functools.lru_cache(maxsize=256)
def _mlp(data: str, hidden: tuple[int, ...], options: tuple[tuple[str, Any], ...]) -> NetDefinition:
    table = datasets.load(data)
    classes = table.classes
    chosen: dict[str, Any] = {
        "batch": 32, "loss": "cross_entropy" if classes else "mse", "loss_target": 0.0,
        "error_target": 0.0 if classes else None, "tags": ("net", "data"), "family": "claims",
        **{name: dict(v) if name in _DICTS else v for name, v in options},
    }  # fmt: skip
    outputs = classes or table.y.size // len(table.y)
    return net(
        "claimed_mlp", data=data, sizes=(table.X.shape[1], *hidden, outputs),
        source="declared by a claim", **chosen,
    )  # fmt: skip


_DICTS = ("augment", "rates", "shared", "tied", "pretrained")
"""Options of nets that are dicts."""
