"""What is said of nets for sequences: the same sequences, with as many parameters."""

from optbench.claims.declaring import claim
from optbench.define import net
from optbench.nets.layers import (
    LSTM,
    RNN,
    Activation,
    Attention,
    Conv1d,
    Dense,
    Flatten,
    LayerNorm,
    Residual,
)

from ._lectures import DESIGN
from ._trained import tuned_on_validation

RATES = (2e-2, 6e-2)
STEPS = 80


def _attending(heads, hidden):
    """Return a transformer's block without a mask (Vaswani et al. 2017), read at all steps."""
    return lambda features: [
        Residual([LayerNorm(), Attention(heads)]),
        Residual([LayerNorm(), Dense(hidden), Activation("relu"), Dense(features)]),
        Flatten(),
        Dense(10),
    ]


def _reading(kind, units):
    return lambda features: [kind(units), Dense(10)]


def _sliding(filters):
    return lambda features: [Conv1d(filters, 3), Activation("relu"), Flatten(), Dense(10)]


SHAPES = {"rows": (8, 8), "half rows": (16, 4)}
LAYERS = {
    "rows": {
        "RNN": _reading(RNN, 24), "LSTM": _reading(LSTM, 11), "attention": _attending(2, 6),
        "convolution": _sliding(12),
    },
    "half rows": {
        "RNN": _reading(RNN, 24), "LSTM": _reading(LSTM, 12), "attention": _attending(2, 16),
        "convolution": _sliding(6),
    },
}  # fmt: skip
"""Each of 930 to 1080 parameters; of 64 pixels in 8 or 16 steps."""


def _declared(data, order, kind):
    features = SHAPES[order][1]
    return net(
        f"claimed_{kind}_{data}_{order}".lower().replace(" ", "_"),
        data=data,
        scaling="common",
        input=SHAPES[order],
        layers=LAYERS[order][kind](features),
        batch=32,
        loss_target=0.0,
        error_target=0.0,
        family="claimed_sequences",
        tags=("net", "data"),
        source="declared by a claim",
    )


NETS = {
    (order, kind): _declared("digits", order, kind) for order in SHAPES for kind in LAYERS[order]
}
SETTINGS = {"digits, 8 rows of 8": "rows", "digits, 16 half rows of 4": "half rows"}
MEASURE = "test loss after 80 steps of Adam"


def _compared(arm, order, draw):
    return tuned_on_validation(NETS[order, arm], draw, RATES, STEPS)


@claim(
    question="Is an LSTM better than a plain recurrent net?",
    says="With as many parameters an LSTM has a lower test loss than a recurrent net without "
    "gates.",
    source=DESIGN,
    settings=SETTINGS,
    factor="the length of the sequences",
    treatment="LSTM",
    control="RNN",
    measure=MEASURE,
    margin=1.05,
)
def lstm_against_rnn(arm, order, draw):
    """Digits are read row by row, and in twice as many steps; each arm has its own best rate."""
    return _compared(arm, order, draw)


@claim(
    question="Is attention the better architecture for sequences?",
    says="With as many parameters a block of self-attention has a lower test loss than a recurrent "
    "net.",
    source=DESIGN,
    settings=SETTINGS,
    factor="the length of the sequences",
    treatment="attention",
    control="RNN",
    measure=MEASURE,
    margin=1.05,
)
def attention_against_rnn(arm, order, draw):
    """The block has no mask and is read at all steps; see `lstm_against_rnn`."""
    return _compared(arm, order, draw)


@claim(
    question="Are convolutions of use for sequences, too?",
    says="With as many parameters a convolution over time has a lower test loss than a recurrent "
    "net.",
    source=DESIGN,
    settings=SETTINGS,
    factor="the length of the sequences",
    treatment="convolution",
    control="RNN",
    measure=MEASURE,
    margin=1.05,
)
def convolution_against_rnn(arm, order, draw):
    """Windows of three steps, read at all of them; see `lstm_against_rnn`."""
    return _compared(arm, order, draw)


@claim(
    question="Which net is the one for sequences?",
    says="With as many parameters self-attention has a lower test loss than a convolution over "
    "time, which was made for images.",
    source=DESIGN,
    settings=SETTINGS,
    factor="the length of the sequences",
    treatment="attention",
    control="convolution",
    measure=MEASURE,
    margin=1.05,
)
def attention_against_convolution(arm, order, draw):
    """See `lstm_against_rnn`."""
    return _compared(arm, order, draw)
