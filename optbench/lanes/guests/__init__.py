"""Lanes of guests, optimizers of torch and optax: how a block's arrays get to them and back."""
