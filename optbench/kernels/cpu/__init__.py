"""The driver over Vecs, launched on a pool of threads."""
