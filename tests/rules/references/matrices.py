"""References of matrix rules, on a net's worth of tensors.

Shapes differ by one at most where the bases of SOAP are compared: the first gradient leaves the
other eigenvectors of the larger factor free.
"""

import numpy as np

from ..transcriptions import matrices, orthogonal, preconditioned
from . import orthogonal as orthogonal_rows
from . import preconditioned as preconditioned_rows
from .table import Case, Reference

SHAPES = [(4, 3), (3,), (3, 3), (3, 4), (4,)]
DIM = sum(int(np.prod(shape)) for shape in SHAPES)
STEPS = 1000
STORED_STEPS = (1, 2, 3, 10, 100, 300, 1000)


def _muon_by_optax(settings):
    from optax import contrib

    names = dict(lr="learning_rate", momentum="beta")
    arguments = {names.get(k, k): v for k, v in settings.items() if k != "bias_correction"}
    return contrib.muon(**{"learning_rate": 1e-3, "weight_decay": 0.1, **arguments})


ROWS = {
    "sm3": Reference(
        "sm3", "optax.sm3", ({}, dict(lr=0.5, momentum=0.0)), always=dict(learning_rate=0.1)
    ),
    "sm3 by pytorch_optimizer": Reference(
        "sm3",
        "pytorch_optimizer.SM3",
        (dict(momentum=0.5, eps=1e-30),),
        note="its own defaults are momentum 0 and eps 1e-30",
    ),
    "adafactor": Reference(
        "adafactor",
        "torch.optim.Adafactor",
        (
            {},
            dict(lr=0.5, beta2_decay=-0.5, d=1.5, eps1=1e-3, eps2=0.1),
            dict(lr=0.1, weight_decay=0.1),
        ),
        tolerance=1e-9,
    ),
    "adafactor by optax": Reference(
        "adafactor",
        "optax.adafactor",
        (dict(lr=0.02, eps1=1e-30),),
        names=dict(eps1="eps"),
        always=dict(min_dim_size_to_factor=1),
        tolerance=1e-5,
        note="optax takes powers of t in float32, and does not bound the rate by 1 / sqrt(t)",
    ),
    "muon": Reference(
        "muon",
        "optax.contrib.muon",
        (
            dict(bias_correction=True, eps=1e-30),
            dict(lr=0.1, momentum=0.5, weight_decay=0.3, bias_correction=True, eps=1e-30),
            dict(lr=0.1, nesterov=False, ns_steps=3, bias_correction=True, eps=1e-30),
        ),
        build=_muon_by_optax,
        tolerance=1e-9,
        note="vectors, which optax moves by NAdam or with the same epsilon, are left out",
    ),
    "muon by torch": Reference(
        "muon",
        "torch.optim.Muon",
        (
            dict(rows_are_outputs=True),
            dict(lr=0.01, momentum=0.5, nesterov=False, rows_are_outputs=True),
            dict(lr=0.01, match_rms_adamw=True),
        ),
        tolerance=0.05,
        note="torch orthogonalises in bfloat16, and takes matrices alone",
    ),
    "muon by the paper": Reference(
        "muon",
        None,
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, adamw_eps=0.01, rows_are_outputs=True),
            dict(lr=0.1, match_rms_adamw=True, nesterov=False),
        ),
        tolerance=1e-9,
    ),
    "shampoo": Reference(
        "shampoo",
        "pytorch_optimizer.Shampoo",
        ({}, dict(lr=0.5, matrix_eps=0.1)),
        tolerance=1e-6,
    ),
    "shampoo, roots now and then": Reference(
        "shampoo",
        None,
        (dict(lr=0.5, preconditioning_compute_steps=7),),
        tolerance=1e-6,
        note="pytorch_optimizer stands still until it takes the first roots",
    ),
    "soap": Reference(
        "soap",
        "corrected.SOAP",
        (
            {},
            dict(lr=0.1, beta1=0.5, beta2=0.9, shampoo_beta=0.8, eps=0.01, weight_decay=0.1),
            dict(lr=0.01, precondition_frequency=1, correct_bias=False),
        ),
        tolerance=1e-6,
        note="the library rounds to float32 for the QR factorisation; in float64 here",
    ),
}
ROWS |= orthogonal_rows.ROWS | preconditioned_rows.ROWS
CASES = [Case(row, settings) for row in ROWS.values() for settings in row.settings]
LIBRARY_CASES = [case for case in CASES if case.reference.library]


def inputs(steps=STEPS):
    """Return fixed gradients [steps, DIM] and a start [DIM]; columns and rows differ in scale."""
    rng = np.random.default_rng(20240608)
    parts = []
    for shape in SHAPES:
        scale = (
            np.multiply.outer(*(10.0 ** np.linspace(-0.5, 0.5, n) for n in shape))
            if len(shape) == 2
            else 10.0 ** np.linspace(-1, 1, *shape)
        )
        parts.append((scale * (0.3 + rng.standard_normal((steps, *shape)))).reshape(steps, -1))
    return np.concatenate(parts, axis=1), rng.standard_normal(DIM)


def split(flat):
    """Cut the last axis of an array into tensors of SHAPES."""
    cuts = np.cumsum([int(np.prod(shape)) for shape in SHAPES])[:-1]
    pieces = np.split(flat, cuts, axis=-1)
    return [p.reshape(*flat.shape[:-1], *s) for p, s in zip(pieces, SHAPES, strict=True)]


def join(tensors):
    """Put tensors of SHAPES behind each other."""
    return np.concatenate([np.ravel(tensor) for tensor in tensors])


def transcription(rule):
    """Return the function that transcribes `rule`."""
    families = (matrices, orthogonal, preconditioned)
    return next(getattr(family, rule) for family in families if hasattr(family, rule))


def memories():
    """Return what a transcription knows of each tensor at the start: its number."""
    return [{"tensor": number} for number in range(len(SHAPES))]


def walk(rule, gradient, start, steps, points="reported", **hyper):
    """Return the points [steps + 1, DIM] of a transcription; ``gradient(i, x)`` gives number i.

    `points` are the reported ones or, as "query", those that `gradient` sees.
    """
    step = transcription(rule)
    x, memory = split(np.array(start)), memories()
    query = [join(x)]
    reported = [query[0]]
    for i in range(steps):
        g = split(gradient(i, query[-1]))
        x = [step(a, b, i + 1, own, **hyper) for a, b, own in zip(x, g, memory, strict=True)]
        query.append(join(x))
        pairs = zip(memory, x, strict=True)
        reported.append(join([own.get("reported", a) for own, a in pairs]))
    return np.array(reported if points == "reported" else query)
