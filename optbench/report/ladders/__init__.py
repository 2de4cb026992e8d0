"""Ladders: up to which level of a difficulty an optimizer holds."""
