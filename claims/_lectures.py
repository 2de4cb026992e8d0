"""The lectures that claims come from, each by its title and a section."""

SHEET_CHALLENGES = "Study sheet: training and optimization, Optimization landscape and challenges"
SHEET_TECHNIQUES = "Study sheet: training and optimization, Techniques for improved training"

SETUP = "Training deep models, Setup and initialization issues"
GRADIENTS = "Training deep models, Vanishing and exploding gradient problems"

DESIGN = "Optimization of deep neural networks, Overview"
ARCHITECTURE = "Optimization of deep neural networks, Architectural considerations"
INITIALIZATION = "Optimization of deep neural networks, Initialization"
