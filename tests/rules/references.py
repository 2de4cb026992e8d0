"""The table of references: for every rule and wrapper what it is compared with, and how closely.

Each row names the library's implementation, the NumPy transcription and the configurations. The
first configuration has nothing set where the library has the same defaults, so that defaults are
compared too.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import transcriptions

ORACLE = Path(__file__).parent.parent / "oracles" / "rules.npz"
DIM = 5
STEPS = 200
STORED_STEPS = (1, 2, 3, 10, 100, 200)
SEED = 20240607


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
        return getattr(transcriptions, "gd" if self.rule == "sgd" else self.rule)


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


ROWS = {
    "gd": Reference("gd", "torch.optim.SGD", ({}, dict(lr=0.7))),
    "sgd": Reference("sgd", "torch.optim.SGD", ({}, dict(lr=0.7))),
    "momentum": Reference(
        "momentum",
        "torch.optim.SGD",
        ({}, dict(lr=0.1, momentum=0.99), dict(lr=0.3, momentum=0.0)),
    ),
    "nesterov": Reference(
        "nesterov", "torch.optim.SGD", ({}, dict(lr=0.1, momentum=0.99), dict(momentum=0.3))
    ),
    "lion": Reference(
        "lion",
        "optax.lion",
        (
            {},
            dict(lr=0.01, beta1=0.5, beta2=0.8, weight_decay=0.3),
            dict(lr=0.1, beta1=0.0, weight_decay=0.0),
        ),
    ),
    "adagrad": Reference("adagrad", "torch.optim.Adagrad", ({}, dict(lr=0.5), dict(eps=0.1))),
    "rmsprop": Reference(
        "rmsprop",
        "torch.optim.RMSprop",
        ({}, dict(lr=0.1, alpha=0.5), dict(alpha=0.0, eps=0.1)),
    ),
    "adam": Reference(
        "adam",
        "torch.optim.Adam",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01),
            dict(beta1=0.0, beta2=0.99),
            dict(beta1=0.95, beta2=0.0, eps=1.0),
        ),
    ),
    "adamw": Reference(
        "adamw",
        "torch.optim.AdamW",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, weight_decay=0.5),
            dict(lr=0.01, weight_decay=0.0),
        ),
    ),
    "nadam": Reference(
        "nadam",
        "torch.optim.NAdam",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, eps=0.01, momentum_decay=0.1),
            dict(beta1=0.99, momentum_decay=0.0),
            dict(beta1=0.0),
        ),
    ),
    "schedule_free_sgd": Reference(
        "schedule_free_sgd",
        "optax.contrib.schedule_free",
        (
            {},
            dict(lr=0.1, beta=0.5),
            dict(lr=0.1, beta=0.98, power=2.0),
            dict(lr=0.01, beta=1.0, power=0.5),
        ),
    ),
    "clip of adam": Reference(
        "adam",
        "torch.nn.utils.clip_grad_norm_",
        (dict(clip_norm=1.0), dict(lr=0.1, clip_norm=90.0)),
    ),
    "clip of gd": Reference(
        "gd", "torch.nn.utils.clip_grad_norm_", (dict(clip_norm=1.0), dict(clip_norm=90.0))
    ),
    "sam of gd": Reference(
        "gd", "optax.contrib.sam", (dict(sam_rho=0.05), dict(lr=0.1, sam_rho=2.0))
    ),
    "sam of adam": Reference(
        "adam", "optax.contrib.sam", (dict(sam_rho=0.05), dict(lr=0.1, beta1=0.5, sam_rho=2.0))
    ),
    "plateau of gd": Reference(
        "gd",
        "torch.optim.lr_scheduler.ReduceLROnPlateau",
        (
            dict(plateau_factor=0.1),
            dict(plateau_factor=0.5, plateau_patience=2.0, plateau_threshold=0.1),
            dict(plateau_factor=0.9, plateau_patience=0.0, plateau_threshold=0.0),
        ),
    ),
    "plateau and clip of momentum": Reference(
        "momentum",
        "torch.optim.lr_scheduler.ReduceLROnPlateau",
        (dict(clip_norm=50.0, plateau_factor=0.7, plateau_patience=4.0),),
    ),
    "all wrappers": Reference(
        "adam",
        None,
        (dict(sam_rho=0.5, clip_norm=50.0, plateau_factor=0.7, plateau_patience=4.0),),
    ),
}
CASES = [Case(row, settings) for row in ROWS.values() for settings in row.settings]
LIBRARY_CASES = [case for case in CASES if case.reference.library]


def inputs(evaluations):
    """Return fixed gradients [evaluations, DIM], values [evaluations] and a start [DIM].

    The gradients span five orders of magnitude, so that every `eps` matters somewhere; the values
    fall, level off and then become negative, so that plateaus are found.
    """
    rng = np.random.default_rng(SEED)
    start = rng.standard_normal(DIM)
    steps = np.arange(evaluations)
    level = np.where(steps < 150, 0.5, -0.5)
    values = 2.0 * np.exp(-steps / 20.0) + level + 0.02 * rng.standard_normal(evaluations)
    scales = 10.0 ** np.arange(-2, DIM - 2)
    gradients = scales * (0.3 + rng.standard_normal((evaluations, DIM)))
    return gradients, values, start


def stored_rows(points, evaluations):
    """Pick the rows of points [evaluations, d] that the oracle file holds: one a stored step.

    Reported points are taken at the end of these steps, query points after the first gradient of
    each (SAM's perturbed points).
    """
    reported, query = points
    steps = np.array(STORED_STEPS)
    return reported[steps * evaluations], query[(steps - 1) * evaluations + 1]


def distance(found, expected):
    """Largest |found - expected|, relative to |expected| plus its root mean square in time."""
    scale = np.abs(expected) + np.sqrt(np.mean(expected**2, axis=0))
    return float(np.max(np.abs(found - expected) / scale))
