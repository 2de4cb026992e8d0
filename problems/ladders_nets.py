"""Ladders of small nets: depth, small weights, long strings, sums, rare classes, classes that come.

Success is the loss on the training part; how well what is learnt holds elsewhere, the tables of
nets say.
"""

import math

import numpy as np

from optbench.define import ladder, net
from optbench.nets.layers import GRU, Activation, Dense, Embedding, Flatten

from ._ladders import LEVELS

TAGS = ["net", "nonconvex", "data", "stochastic"]
DIGITS = "data: Alpaydin and Kaynak 1998, Cascading classifiers"


def declared(name, **facts):
    """Declare a net on data of classes, in batches of 16."""
    return net(name, **{"batch": 16, "error_target": 0.1, "tags": TAGS, **facts})


@ladder("net_depth", "hidden layers", LEVELS["net_depth"], [float(n) for n in range(1, 9)])
def net_depth(layers):
    """Sigmoid layers on top of each other: what comes back through each is a quarter at most."""
    return declared(
        "net_depth",
        data="moons",
        sizes=(2, *[8] * int(layers), 2),
        activation="sigmoid",
        init="xavier_normal",
        loss_target=0.32,
        source="Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward "
        "neural networks",
    )


@ladder(
    "net_small_weights", "one over the scale of initial weights", LEVELS["net_small_weights"],
    [1.0, 2.0, 3.0, 4.0, 6.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0],
)  # fmt: skip
def net_small_weights(shrunk):
    """Weights that begin small: at 0 all slopes vanish."""
    return declared(
        "net_small_weights",
        data="moons",
        sizes=(2, 12, 12, 2),
        activation="tanh",
        gain=1.0 / shrunk,
        loss_target=0.2,
        source="Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of "
        "learning in deep linear neural networks",
    )


@ladder(
    "net_xor_strings", "bits of a string", LEVELS["net_xor_strings"],
    [2.0, 4.0, 5.0, 6.0, 7.0, 8.0],
)  # fmt: skip
def net_xor_strings(bits):
    """Whether two marked bits of a string differ: the longer it is, the farther they are apart."""
    return declared(
        "net_xor_strings",
        data=f"xor_strings_{int(bits)}",
        input=(int(bits), 2),
        layers=[GRU(8), Dense(2)],
        batch=32,
        loss_target=0.2,
        source="Martens and Sutskever 2011, Learning recurrent neural networks with Hessian-free "
        "optimization, sec. 4.1",
    )


@ladder(
    "net_modular_sums", "modulus", LEVELS["net_modular_sums"],
    [7.0, 10.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0],
)  # fmt: skip
def net_modular_sums(modulus):
    """Sums modulo a number: equations to be known by heart, or by their rule."""
    size = int(modulus)
    return declared(
        "net_modular_sums",
        data=f"modular_sums_{size}",
        input=(4,),
        layers=[Embedding(size + 2, 8), Flatten(), Dense(32), Activation("relu"), Dense(size)],
        loss_target=0.5,
        source="Power et al. 2022, Grokking: generalization beyond overfitting on small "
        "algorithmic datasets",
    )


@ladder(
    "net_imbalance", "one over the share of the rare classes' loss that may be left",
    LEVELS["net_imbalance"], [2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0],
)  # fmt: skip
def net_imbalance(sharpness):
    """Digits of which the commonest is forty times as frequent as the rarest.

    Asked for is a share of what it costs not to know the five rarest: the less, the better these
    few examples must be known.
    """
    frequencies = 40.0 ** (-np.arange(10) / 9.0)
    rare = float(frequencies[5:].sum() / frequencies.sum())
    return declared(
        "net_imbalance",
        data="long_tailed_digits_40",
        sizes=(64, 12, 10),
        scaling="common",
        loss_target=math.log(10.0) * rare / sharpness,
        source="Cui et al. 2019, Class-balanced loss based on effective number of samples; "
        f"{DIGITS}",
    )


@ladder(
    "net_new_classes", "steps from class to class", LEVELS["net_new_classes"],
    [5.0, 10.0, 14.0, 18.0, 22.0, 26.0, 30.0, 32.0],
)  # fmt: skip
def net_new_classes(steps):
    """Digits come class by class: the later the last one, the less time there is to learn it."""
    return declared(
        "net_new_classes",
        data="digits",
        sizes=(64, 12, 10),
        scaling="common",
        class_every=int(steps),
        loss_target=0.4,
        source=f"Dohare et al. 2024, Loss of plasticity in deep continual learning; {DIGITS}",
    )
