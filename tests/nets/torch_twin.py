"""A `Net` in torch, layer by layer by torch's functions, and random stacks of layers.

`TWINS` has a function a layer: it takes the layer, its input (examples first, shaped as ours), and
`take(name)`, which gives its tensors as `Net.unflatten` names and shows them.
"""

import numpy as np
import torch
from torch.nn import functional

from optbench.nets import layers as ours

ACTIVATIONS = {
    "linear": lambda z, take: z,
    "relu": lambda z, take: torch.relu(z),
    "leaky_relu": lambda z, take: functional.leaky_relu(z),
    "prelu": lambda z, take: functional.prelu(z, take("weight")),
    "sigmoid": lambda z, take: torch.sigmoid(z),
    "tanh": lambda z, take: torch.tanh(z),
    "elu": lambda z, take: functional.elu(z),
    "gelu": lambda z, take: functional.gelu(z),
    "silu": lambda z, take: functional.silu(z),
    "softplus": lambda z, take: functional.softplus(z),
}
LOSSES = {
    "cross_entropy": lambda z, y: functional.cross_entropy(z, y),
    "mse": functional.mse_loss,
    "mae": functional.l1_loss,
    "huber": functional.huber_loss,
    "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
}


def dense(layer, x, take):
    return functional.linear(x, take("weight"), take("bias") if layer.bias else None)


def batch_norm(layer, x, take):
    units = list(range(x.shape[-1])) if layer.units is None else list(layer.units)
    chosen = x[..., units]
    rows = chosen.reshape(-1, len(units))
    normal = functional.batch_norm(rows, None, None, take("weight"), take("bias"), training=True)
    out = x.clone()
    out[..., units] = normal.reshape(chosen.shape)
    return out


def channels_first(function):
    """Return a twin for images, or sequences: torch has channels before places."""
    return lambda layer, x, take: function(layer, x.movedim(-1, 1), take).movedim(1, -1)


def convolution(layer, x, take):
    convolve = functional.conv2d if isinstance(layer, ours.Conv2d) else functional.conv1d
    bias = take("bias") if layer.bias else None
    return convolve(x, take("weight"), bias, layer.stride, layer.padding)


def residual(layer, x, take):
    branch = x
    for number, inner in enumerate(layer.layers, 1):
        branch = apply(inner, branch, lambda name, at=number: take(f"{at}.{name}"))
    return x + branch


def embedding(layer, x, take):
    return functional.embedding(x.long(), take("weight"))


def recurrent(layer, x, take):
    kind = type(layer).__name__
    module = getattr(torch.nn, kind)(x.shape[-1], layer.n, batch_first=True, dtype=x.dtype)
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    tensors = {f"{name}_l0": take(name) for name in names}
    states, _ = torch.func.functional_call(module, tensors, (x,))
    return states[:, -1] if layer.last else states


def attention(layer, x, take):
    later = None
    if layer.causal:
        later = torch.triu(torch.ones(x.shape[1], x.shape[1], dtype=torch.bool), 1)
    x = x.transpose(0, 1)
    outputs, _ = functional.multi_head_attention_forward(
        x, x, x, x.shape[-1], layer.heads, take("in_proj_weight"), take("in_proj_bias"), None, None,
        False, 0.0, take("out_proj_weight"), take("out_proj_bias"), need_weights=False,
        attn_mask=later,
    )  # fmt: skip
    return outputs.transpose(0, 1)


TWINS = {
    ours.Dense: dense,
    ours.Activation: lambda layer, x, take: ACTIVATIONS[layer.name](x, take),
    ours.Flatten: lambda layer, x, take: x.flatten(1),
    ours.Conv1d: channels_first(convolution),
    ours.Conv2d: channels_first(convolution),
    ours.MaxPool2d: channels_first(
        lambda layer, x, take: functional.max_pool2d(x, layer.k, layer.stride)
    ),
    ours.AvgPool2d: channels_first(
        lambda layer, x, take: functional.avg_pool2d(x, layer.k, layer.stride)
    ),
    ours.BatchNorm: batch_norm,
    ours.LayerNorm: lambda layer, x, take: functional.layer_norm(
        x, x.shape[-1:], take("weight"), take("bias")
    ),
    ours.Residual: residual,
    ours.Embedding: embedding,
    ours.RNN: recurrent,
    ours.LSTM: recurrent,
    ours.GRU: recurrent,
    ours.Attention: attention,
    ours.Shared: lambda layer, x, take: apply(layer.layer, x, take),
}


def apply(layer, x, take):
    """Return what torch makes of x [n, *shape]."""
    return TWINS[type(layer)](layer, x, take)


def tensors_of(net, params):
    """Return {key: tensor} of all tensors of a net, as torch has them, and the keys by name."""
    shown = net.unflatten(params)
    leaves, keys = {}, {}
    for layer, name, key in net.probe.names:
        keys[layer, name] = key
        if key not in leaves:
            array = np.array(shown[layer - 1][name], order="C")
            leaves[key] = torch.tensor(array, requires_grad=True)
    return leaves, keys


def torch_outputs(net, leaves, keys, X):
    """Return the outputs [n, n_out] of a net for X [n, numbers of an example]."""
    x = torch.tensor(np.asarray(X)).reshape(len(X), *net.input)
    for number, layer in enumerate(net.layers, 1):
        x = apply(layer, x, lambda name, at=number: leaves[keys[at, name]])
    return x


def torch_loss(net, leaves, keys, X, y):
    """Return the loss of a net in training, a scalar tensor."""
    z = torch_outputs(net, leaves, keys, X)
    answers = torch.tensor(y) if net.loss == "cross_entropy" else torch.tensor(y).reshape(z.shape)
    return LOSSES[net.loss](z, answers)


def trained(net, leaves, keys, X, y, steps, rate):
    """Return the tensors after gradient descent on all examples."""
    optimizer = torch.optim.SGD(leaves.values(), rate)
    for _ in range(steps):
        optimizer.zero_grad()
        torch_loss(net, leaves, keys, X, y).backward()
        optimizer.step()
    return leaves


def torch_loss_and_grad(net, params, X, y):
    """Return loss and {key: gradient} of a net in training, by autograd in float64."""
    leaves, keys = tensors_of(net, params)
    loss = torch_loss(net, leaves, keys, X, y)
    loss.backward()
    return float(loss.detach()), {key: leaf.grad.numpy() for key, leaf in leaves.items()}
