"""What is said of fine-tuning: nets that have learnt other digits learn new ones from few."""

from optbench.claims.declaring import claim
from optbench.define import net

from ._lectures import SHEET_ADVANCED
from ._trained import tuned_on_validation

FACTS = dict(
    scaling="common", batch=16, loss_target=0.0, error_target=0.0, family="claimed_transfer",
    tags=("net", "data"), source="declared by a claim",
)  # fmt: skip
HIDDEN = 64


def _source(data, pixels):
    """Return how a net learns digits 0 to 5, of images of so many pixels."""
    first = net(
        f"claimed_first_{data}", data=data, classes=range(6), sizes=(pixels, HIDDEN, 6), **FACTS
    )
    return {"net": first, "optimizer": "adam", "lr": 0.01, "steps": 200}


SOURCES = {64: _source("digits", 64), 144: _source("shifted_digits", 144)}
TARGETS = {
    "25 rare digits": ("long_tailed_digits", (8, 9), 64),
    "66 rare digits": ("long_tailed_digits", (6, 7, 8, 9), 64),
    "431 shifted digits": ("shifted_digits", (6, 7, 8, 9), 144),
}
HOW = {
    "from scratch": {},
    "the head": {"rates": {1: 0.0}},
    "all at a low rate": {"rates": {1: 0.1}},
}
"""The last layer is new; the first one is frozen, or learns at a tenth of the rate."""
RATES = (4e-3, 8e-3, 1.6e-2, 3.2e-2, 6.4e-2)


def _declared(target, how):
    data, classes, pixels = TARGETS[target]
    learnt = {} if how == "from scratch" else {"pretrained": SOURCES[pixels]}
    named = f"claimed_{how}_{target}".replace(" ", "_")
    sizes = (pixels, HIDDEN, len(classes))
    return net(named, data=data, classes=classes, sizes=sizes, **learnt, **HOW[how], **FACTS)


NETS = {(target, how): _declared(target, how) for target in TARGETS for how in HOW}
CLAIMED = dict(
    source=SHEET_ADVANCED, settings={target: target for target in TARGETS},
    factor="the data", measure="test loss after 150 steps of Adam", margin=1.05,
)  # fmt: skip


def _tuned_on_few(how, target, draw):
    """Return the test loss on digits 6 to 9 (or 8 and 9) of a net that may know 0 to 5."""
    return tuned_on_validation(NETS[target, how], draw, RATES, 150)


@claim(
    question="Is it enough to train the last layer of a net that has learnt something else?",
    says="On few examples a new last layer on what was learnt of other digits has a lower test "
    "loss than a net from scratch.",
    treatment="the head",
    control="from scratch",
    **CLAIMED,
)
def head_against_scratch(how, target, draw):
    """The first layer is frozen; each arm has its own best rate.

    The notes speak of nets that have seen billions of images; this one has seen 650.
    """
    return _tuned_on_few(how, target, draw)


@claim(
    question="Does a net that has learnt something else learn better at a low rate?",
    says="On few examples a net that knows other digits, all of it trained on, what it knows at a "
    "low rate, has a lower test loss than a net from scratch.",
    treatment="all at a low rate",
    control="from scratch",
    **CLAIMED,
)
def low_rate_against_scratch(how, target, draw):
    """The new last layer has the full rate, what was learnt before a tenth of it."""
    return _tuned_on_few(how, target, draw)


@claim(
    question="The head alone, or all layers at a low rate?",
    says="On few examples training the last layer alone has a lower test loss than training what "
    "was learnt before, too, at a low rate.",
    treatment="the head",
    control="all at a low rate",
    **CLAIMED,
)
def head_against_low_rate(how, target, draw):
    """The notes name both ways to fine-tune, and do not say which is for what."""
    return _tuned_on_few(how, target, draw)
