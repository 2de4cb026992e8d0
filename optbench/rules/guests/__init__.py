"""Optimizers of torch and optax, run as they are written: found by name or object, and set."""
