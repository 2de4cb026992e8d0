"""Whether an order of optimizers holds elsewhere: other dimensions, budgets, problems, runs."""
