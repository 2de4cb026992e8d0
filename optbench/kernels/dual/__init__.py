"""Dual numbers of Vecs: gradients of problems that fill none."""
