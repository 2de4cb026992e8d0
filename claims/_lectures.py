"""The lectures that claims come from, each by its title and a section."""

SHEET_LOSS = "Study sheet: training and optimization, Components of the loss function"
SHEET_OVERFITTING = "Study sheet: training and optimization, Combating overfitting"

DROP_OUT = "Training deep models, Drop out"
L1 = "Training deep models, L1 regularization"
L2 = "Training deep models, L2 regularization"
L1_AGAINST_L2 = "Training deep models, L1 vs L2"

DROPOUT = "Setting up a problem, Dropout"
BATCH_NORMALIZATION = "Setting up a problem, Batch normalization"
WEIGHT_DECAY = "Setting up a problem, Weight decay"

NORMALIZATION = (
    "Optimization of deep neural networks, Preprocessing, normalization, and augmentation"
)
