"""Two optimizers, paired: tests, intervals that hold the luck of tuning, and a verdict."""
