"""When to stop training, judged by the validation loss once an epoch.

The criteria are plain patience and the three classes of Prechelt 1998, "Early stopping - but
when?", sec. 2.2. They look at the records so far: the losses at the start and after every epoch.
"""

import math
import re

import numpy as np
from numpy.typing import ArrayLike

from optbench.errors import SettingError
from optbench.nets.checks import check_choice

PATIENCE, GENERALISATION_LOSS, QUOTIENT, SUCCESSIVE_RISES = 1, 2, 3, 4
CRITERIA = {
    "patience": PATIENCE,
    "generalisation_loss": GENERALISATION_LOSS,
    "quotient": QUOTIENT,
    "successive_rises": SUCCESSIVE_RISES,
}
"""Name -> number of a criterion, written ``name:limit``.

``patience:n`` stops after n records in a row that were not better than the best;
``generalisation_loss:a`` where ``GL = 100 (E_va - E_opt) / |E_opt|``, by how many percent of its
size the loss exceeds its least value so far, is above a; ``quotient:a`` where ``GL / P > a`` at the
end of a strip of five epochs, ``P = 1000 (mean of E_tr - least E_tr) / |least E_tr|`` over the
strip being the progress in training (for losses above 0 these are the paper's formulas);
``successive_rises:s`` when the loss has risen from the end of a strip to the next s times in a row.
"""

STRIP = 5
"""Epochs in a training strip, `k` of the paper; the first one ends with epoch 5."""

# Where the numbers of a run are kept.
STOP, IMPROVED, RECORDS, LEAST, SINCE, RISES, STRIP_END, TRAINED = range(8)
NUMBERS = TRAINED + STRIP


def parse(text: object) -> tuple[int, float]:
    """Return (number of the criterion, limit) of ``name:limit``.

    Raises
    ------
    SettingError
        If the name is unknown, or the limit not positive (or not whole, where it counts).
    """
    match = re.fullmatch(r"(\w+):([0-9.eE+-]+)", text) if isinstance(text, str) else None
    if not match:
        raise SettingError(f"stopping is {text!r}; write it like 'patience:5'")
    name, written = match.groups()
    check_choice("criterion of stopping", name, tuple(CRITERIA))
    try:
        limit = float(written)
    except ValueError:
        limit = math.nan
    counts = name in ("patience", "successive_rises")
    if not 0.0 < limit < math.inf or (counts and limit != int(limit)):
        kind = "whole number of 1 or more" if counts else "number above 0"
        raise SettingError(f"stopping is {text!r}; the limit of {name} is a {kind}")
    return CRITERIA[name], limit


def begin(state):
    """Forget all records."""
    for i in range(NUMBERS):
        state[i] = 0.0
    state[LEAST] = state[STRIP_END] = math.inf


def advance(criterion, limit, state, train, validation):
    """Take the losses of one more record; set STOP, and IMPROVED if it is the best so far."""
    count = int(state[RECORDS])
    improved = validation < state[LEAST]
    since = 0.0 if improved else state[SINCE] + 1.0
    if improved:
        state[LEAST] = validation
    state[TRAINED + count % STRIP] = train
    worse = 100.0 * _excess(validation, state[LEAST])
    stop = False
    if criterion == PATIENCE:
        stop = since >= limit
    elif criterion == GENERALISATION_LOSS:
        stop = worse > limit
    elif count % STRIP == 0:
        if criterion == QUOTIENT and count:
            total, least = 0.0, state[TRAINED]
            for i in range(STRIP):
                total += state[TRAINED + i]
                least = min(least, state[TRAINED + i])
            # Multiplied out, so that a strip without progress stops if there is any loss at all.
            stop = worse > limit * (1000.0 * _excess(total / STRIP, least))
        elif criterion == SUCCESSIVE_RISES:
            state[RISES] = state[RISES] + 1.0 if validation > state[STRIP_END] else 0.0
            state[STRIP_END] = validation
            stop = state[RISES] >= limit
    state[RECORDS], state[SINCE] = count + 1.0, since
    state[STOP], state[IMPROVED] = 1.0 if stop else 0.0, 1.0 if improved else 0.0


def _excess(loss, least):
    """Return by how much a loss exceeds the least one, as a share of its size; 0 has none."""
    if least == 0.0:
        return math.inf if loss > 0.0 else 0.0 * loss
    return (loss - least) / abs(least)


def apply(text: str, train: ArrayLike, validation: ArrayLike) -> tuple[int, int]:
    """Return where a criterion stops training whose losses were recorded.

    Parameters
    ----------
    text : str
        ``name:limit``, see `CRITERIA`.
    train, validation : array_like [T]
        Losses at the start and after every epoch.

    Returns
    -------
    at : int
        Record at which training stops; the last one if the criterion never holds.
    best : int
        First record of least validation loss up to `at`, whose parameters are restored.
    """
    criterion, limit = parse(text)
    state, best, at = np.zeros(NUMBERS), 0, -1
    begin(state)
    for at, losses in enumerate(zip(np.asarray(train), np.asarray(validation), strict=True)):  # noqa: B007
        advance(criterion, limit, state, *losses)
        best = at if state[IMPROVED] else best
        if state[STOP]:
            break
    return at, best
