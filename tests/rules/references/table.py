"""What a row of the table of references says."""

from dataclasses import dataclass, field
from functools import cached_property

from ..transcriptions import transcription

NO_EPS = 1e-300
"""Beside which nothing vanishes: where libraries add eps elsewhere than Adam does."""


@dataclass(frozen=True)
class Reference:
    """One row: a rule (or a rule in a wrapper) and what it must equal.

    Attributes
    ----------
    rule : str
    library : str or None
        Dotted name of the library's implementation (torch.optim, pytorch_optimizer, ``corrected``,
        which is pytorch_optimizer without what keeps it from the paper, schedulefree,
        optax); None where no library has the same, so that the transcription alone is compared.
    settings : tuple of dict
        The configurations.
    tolerance : float
        Largest `distance` allowed. By default 1e-12: of 1,000 steps each rounds x once, and thirty
        roundings of its gradient and value come out magnified by up to 28 (cocob, or l1 around
        adam; measured with inputs that were changed by 2^-30): (1000 + 30 * 28) eps = 4.1e-13.
    library_tolerance : float, optional
        The same for the library, where that computes less precisely.
    base : str, optional
        Dotted name of the rule itself, where `library` names a wrapper.
    always : dict
        What the library is given besides the configuration, where its defaults differ.
    names : dict
        Hyperparameters that the library calls by another name: ours to its.
    build : callable, optional
        ``build(settings)`` returns an optax transformation, where one call does not make it.
    evaluated : callable, optional
        ``evaluated(state, x)`` returns the reported point of an optax state.
    states : dict
        Our states to the library's: a name, or ``f(state)`` of optax, ``f(state, group)`` of
        torch-like libraries, where state is the parameter's and group its parameter group.
    closed : dict, optional
        Settings for 300 steps on Rosenbrock's function, which they must at least halve.
    quadratic : dict, optional
        The same on an ill-conditioned quadratic; by default as `closed`.
    chaotic : bool
        Whether rounding grows so fast in these runs that NumPy's gradients are replayed instead.
    note : str
        Where the library deviates from the paper or from us.
    """

    rule: str
    library: str | None
    settings: tuple
    tolerance: float = 1e-12
    library_tolerance: float | None = None
    base: str | None = None
    always: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)
    build: object = None
    evaluated: object = None
    states: dict = field(default_factory=dict)
    closed: dict | None = None
    quadratic: dict | None = None
    chaotic: bool = False
    note: str = ""

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
    def library_tolerance(self):
        return self.reference.library_tolerance or self.reference.tolerance

    @cached_property
    def id(self):
        inside = ",".join(f"{k}={v:g}" for k, v in self.settings.items())
        return f"{self.rule}[{inside}]" if inside else self.rule

    @property
    def evaluations(self):
        """Gradients a step."""
        return 2 if "sam_rho" in self.settings else 1
