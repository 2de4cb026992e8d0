"""Nets with filters on images of digits: as they are, shifted, permuted, and unevenly frequent."""

from optbench.define import net
from optbench.nets.layers import Activation, AvgPool2d, BatchNorm, Conv2d, Dense, Flatten, MaxPool2d

TAGS = ["net", "nonconvex", "data", "stochastic"]
LENET = "LeCun et al. 1998, Gradient-based learning applied to document recognition"
DIGITS = "data: Alpaydin and Kaynak 1998, Cascading classifiers"


def filters(name, side, *more, data="digits", source=LENET, **options):
    """Declare a net with a layer of filters, followed by `more`, and pooling, on images."""
    facts = dict(batch=64, loss_target=0.05, error_target=0.05, family="digits_filters")
    return net(
        name, data=data, scaling="common", input=(side, side, 1), tags=TAGS,
        layers=[
            Conv2d(8, 3, padding=1), *more, Activation("relu"), MaxPool2d(2), Flatten(), Dense(10),
        ],
        source=f"{source}; {DIGITS}", **{**facts, **options},
    )  # fmt: skip


digits_filters = filters("digits_filters", 8)
digits_filters_normed = filters(
    "digits_filters_normed", 8, BatchNorm(), source=f"{LENET}; Ioffe and Szegedy 2015"
)
digits_lenet = net(
    "digits_lenet",
    data="digits",
    scaling="common",
    input=(8, 8, 1),
    layers=[
        Conv2d(8, 3, padding=1),
        Activation("tanh"),
        AvgPool2d(2),
        Conv2d(16, 3),
        Activation("tanh"),
        Flatten(),
        Dense(10),
    ],  # fmt: skip
    batch=64,
    loss_target=0.05,
    error_target=0.05,
    family="digits_filters",
    tags=TAGS,
    source=f"{LENET}, fig. 2, made small; {DIGITS}",
)
digits_filters_permuted = filters(
    "digits_filters_permuted", 8, data="permuted_digits",
    source=f"{LENET}; Le, Jaitly and Hinton 2015, sec. 4.2",
)  # fmt: skip
digits_filters_rare = filters(
    "digits_filters_rare", 8, data="long_tailed_digits", batch=32,
    source="Cui et al. 2019, Class-balanced loss based on effective number of samples",
)  # fmt: skip
shifted_filters = filters(
    "shifted_filters", 12, data="shifted_digits", error_target=0.25, family="shifted_filters"
)
shifted_dense = net(
    "shifted_dense",
    data="shifted_digits",
    scaling="common",
    input=144,
    layers=[Dense(32), Activation("relu"), Dense(10)],
    batch=64,
    loss_target=0.05,
    error_target=0.35,
    family="shifted_filters",
    tags=TAGS,
    source=f"{LENET}, sec. II.A; {DIGITS}",
)
digits_added = net(
    "digits_added",
    data="digits",
    scaling="common",
    sizes=(64, 32, 10),
    class_every=40,  # all ten are there from step 320 on
    batch=64,
    loss_target=0.05,
    error_target=0.05,
    tags=TAGS,
    source=f"Dohare et al. 2024, Loss of plasticity in deep continual learning; {DIGITS}",
)
