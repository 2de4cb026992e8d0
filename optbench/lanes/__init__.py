"""One optimizer on one problem: run, replayed, searched; SciPy's solvers in the same place."""
