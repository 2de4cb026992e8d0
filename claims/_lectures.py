"""The lectures that claims come from, each by its title and a section."""

SHEET_CHALLENGES = "Study sheet: training and optimization, Optimization landscape and challenges"

OPTIMIZATION = "Training deep models, Optimization techniques"
PENALTIES = "Training deep models, L2 regularization"

DESCENT = "Setting up a problem, Gradient descent"
STOCHASTIC = "Setting up a problem, Stochastic GD"
ADAM = "Setting up a problem, Adam: RMSprop with momentum"
WEIGHT_DECAY = "Setting up a problem, Weight decay"

ACTIVATIONS = "Optimization of deep neural networks, Architectural considerations"
OPTIMIZERS = "Optimization of deep neural networks, Optimizers"
