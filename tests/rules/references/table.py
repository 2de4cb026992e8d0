"""What a row of the table of references says."""

from dataclasses import dataclass

from ..transcriptions import transcription


@dataclass(frozen=True)
class Reference:
    """One row: a rule (or a rule in a wrapper) and what it must equal.

    Attributes
    ----------
    rule : str
    library : str or None
        Dotted name of the library's implementation; None where no library composes the same.
    settings : tuple of dict
        The configurations.
    tolerance : float
        Largest `distance` allowed.
    """

    rule: str
    library: str | None
    settings: tuple
    tolerance: float = 1e-12

    @property
    def step(self):
        """The NumPy transcription."""
        return transcription("gd" if self.rule == "sgd" else self.rule)


@dataclass(frozen=True)
class Case:
    """One configuration of one row."""

    reference: Reference
    settings: dict

    @property
    def rule(self):
        return self.reference.rule

    @property
    def tolerance(self):
        return self.reference.tolerance

    @property
    def id(self):
        inside = ",".join(f"{k}={v:g}" for k, v in self.settings.items())
        return f"{self.rule}[{inside}]" if inside else self.rule

    @property
    def evaluations(self):
        """Gradients a step."""
        return 2 if "sam_rho" in self.settings else 1
