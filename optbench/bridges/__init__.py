"""Rules of ours in the training loops of others: torch, JAX, SciPy."""
