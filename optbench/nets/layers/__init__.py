"""Layers that nets are made of: ``optbench.nets.Net([Dense(32), Activation("relu"), ...])``."""

from optbench.define.definitions import NetDefinition
from optbench.define.nets import LAYER_CHECKS
from optbench.nets.layers.activation import Activation
from optbench.nets.layers.attention import Attention
from optbench.nets.layers.containers import Residual, Shared
from optbench.nets.layers.convolution import Conv1d, Conv2d
from optbench.nets.layers.dense import Dense
from optbench.nets.layers.dropout import Dropout
from optbench.nets.layers.embedding import Embedding
from optbench.nets.layers.flatten import Flatten
from optbench.nets.layers.layer import Layer
from optbench.nets.layers.norms import BatchNorm, LayerNorm
from optbench.nets.layers.pooling import AvgPool2d, MaxPool2d
from optbench.nets.layers.recurrent import GRU, LSTM, RNN
from optbench.nets.layers.tensor import Tensor

__all__ = [
    "GRU", "LSTM", "RNN", "Activation", "Attention", "AvgPool2d", "BatchNorm", "Conv1d", "Conv2d",
    "Dense", "Dropout", "Embedding", "Flatten", "Layer", "LayerNorm", "MaxPool2d", "Residual",
    "Shared", "Tensor",
]  # fmt: skip


@LAYER_CHECKS.append
def _check(definition: NetDefinition) -> None:
    """Raise `SettingError` if a layer of a declared net does not take what comes, as `Net` does."""
    from optbench.nets.layered import LayeredSettings  # which is made of what is here

    LayeredSettings(
        definition.layers, input=definition.input, loss=definition.loss, **dict(definition.options)
    )
