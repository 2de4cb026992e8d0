"""What is done with whole lanes of nets: searches for hyperparameters, ensembles."""
