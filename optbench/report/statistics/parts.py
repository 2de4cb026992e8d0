"""The parts of a data set, and the columns of the losses and accuracies on them."""

PARTS = ("train", "validation", "test")
PART_COLUMNS = tuple(f"{part}_{metric}" for part in PARTS for metric in ("loss", "accuracy"))
"""In the order of the stored metrics [.., 6]."""
