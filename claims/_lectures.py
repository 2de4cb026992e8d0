"""The lectures that claims come from, each by its title and a section."""

OPTIMIZATION = "Training deep models, Optimization techniques"

MOMENTUM = "Setting up a problem, Momentum"
NESTEROV = "Setting up a problem, Nesterov's accelerated gradient"
ADJUSTING = "Setting up a problem, Adjusting the learning rate"
RMSPROP = "Setting up a problem, RMSprop"
