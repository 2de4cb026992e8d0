"""The driver over Vecs, launched in the threads of callers and in idle ones."""
