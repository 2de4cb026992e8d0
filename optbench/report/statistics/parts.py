"""The columns of losses and accuracies on the parts of a data set."""

from optbench.kernels.status import PART_NAMES

PART_COLUMNS = tuple(f"{part}_{metric}" for part in PART_NAMES for metric in ("loss", "accuracy"))
"""In the order of the stored metrics [.., 6]."""
