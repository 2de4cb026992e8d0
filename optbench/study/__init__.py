"""What to run, running it, keeping it."""

__all__ = ["Study"]


def __getattr__(name: str) -> object:
    """Import the study's schema on first use: reading stored results needs no pydantic."""
    if name != "Study":
        raise AttributeError(f"module 'optbench.study' has no attribute {name!r}")
    from optbench.study.schema import Study

    return Study
