"""The lectures that claims come from, each by its title and a section."""

MONITORING = "Study sheet: training and optimization, Monitoring: loss curves"

STOCHASTIC_IN_TRAINING = "Training deep models, Stochastic gradient descent"

DESCENT = "Setting up a problem, Gradient descent"
DECAYING = "Setting up a problem, Decaying learning rate"
STOCHASTIC = "Setting up a problem, Stochastic GD"
MINI_BATCH = "Setting up a problem, Mini batch GD"
COMPARED = "Setting up a problem, Compare these methods"
