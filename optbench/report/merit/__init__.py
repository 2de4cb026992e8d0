"""Figures of merit over problems: pure functions on arrays, and tidy frames made of them."""
