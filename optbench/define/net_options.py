"""What a net may be declared with besides the main arguments, by name."""

NET_OPTIONS = (
    "batch_norm", "bn_eval", "decay_biases", "dropout", "ghost_batch", "l1", "l2",
    "label_smoothing", "layer_norm", "residual", "shared", "tied",
)  # fmt: skip
"""Arguments of `optbench.nets.MLP` that a net may be declared with, besides the main ones."""

LAYERED_OPTIONS = (
    "bn_eval", "decay_biases", "ghost_batch", "l1", "l2", "label_smoothing", "lengths",
)  # fmt: skip
"""Arguments of `optbench.nets.Net` that a net may be declared with, besides the main ones."""

TRAINING_OPTIONS = (
    "augment", "class_every", "image", "max_norm", "mixup", "rates", "shuffle", "stopping",
)  # fmt: skip
"""Arguments of `optbench.nets.training.Training` that a net may be declared with."""
