"""Mixing the examples of a mini-batch in pairs: no record, but what gathers examples calls it.

It is an operation of its own so that nets without mixup need not compile it.
"""

from optbench.nets.augmentation import mix_up


def forward(p, q, work, r, rows, mode, t, key):
    """Write the mixed examples and answers to MIXED_X and MIXED_Y; `p` holds the data."""
    mix_up(p, q, work, t, key)


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Do nothing: examples have no gradient."""
