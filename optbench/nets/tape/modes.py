"""What a pass through a net is for: the argument `mode` of operations."""

MINI_BATCH, ALL, ONE_BATCH, FIXED, OUTPUTS, FIXED_OUTPUTS = 0, 1, 2, 3, 4, 5
"""What `objective.problem` does by its argument `full`.

The engine calls it for a mini-batch (0) or for the objective on all training examples without noise
(1): nothing is dropped, and all examples are one batch to batch normalisation. From Python come:
train on all examples as one mini-batch (2), evaluate them with the running statistics (3), and run
them forward only, with their own statistics (4) or the running ones (5).
"""


def training(mode):
    """Return whether units are dropped, and ghost batches have statistics of their own."""
    return mode == MINI_BATCH or mode == ONE_BATCH
