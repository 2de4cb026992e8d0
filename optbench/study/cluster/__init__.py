"""Pairs of a study on the workers of a Dask cluster; the coordinating process keeps the results."""
