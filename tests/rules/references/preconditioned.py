"""References of rules with preconditioners, bases and low ranks, as in `references.matrices`."""

from .table import Reference

ROWS = {
    "caspr": Reference(
        "caspr",
        None,
        (
            {},
            dict(lr=0.5, matrix_eps=0.1),
            dict(lr=0.5, preconditioning_compute_steps=7, matrix_eps=1e-3),
        ),
        tolerance=1e-6,
    ),
    "asgo": Reference(
        "asgo",
        None,
        (
            {},
            dict(lr=0.1, momentum=0.0, factor_beta=0.999, weight_decay=0.0, matrix_eps=0.1),
            dict(lr=0.01, momentum=0.999, factor_beta=0.5, beta1=0.0, beta2=0.9999, adamw_eps=0.01),
        ),
        tolerance=1e-9,
    ),
    "psgd_kron": Reference(
        "psgd_kron",
        "pytorch_optimizer.Kron",
        (
            {},
            dict(lr=0.1, momentum=0.0, weight_decay=0.1, preconditioner_lr=0.3, of_momentum=False),
        ),
        tolerance=1e-9,
        note="with our normals for its own, in float64, and without its balancing",
    ),
    "psgd_kron, at other steps": Reference(
        "psgd_kron",
        None,
        (
            dict(
                lr=0.01,
                momentum=0.999,
                max_probability=0.5,
                min_probability=0.1,
                probability_decay=0.1,
                flat_start=20,
            ),
        ),
        tolerance=1e-9,
    ),
    "splus": Reference(
        "splus",
        "corrected.SPlus",
        (
            {},
            dict(lr=1.0, beta1=0.0, beta2=0.8, average_beta=0.9, vector_rate=0.1),
            dict(lr=0.3, beta1=0.99, beta2=0.9999, weight_decay=0.0, inverse_steps=1),
        ),
        tolerance=1e-9,
        note="the library rounds to float32 for eigenvectors; in float64 here",
    ),
    "conda": Reference(
        "conda",
        "corrected.Conda",
        (
            {},
            dict(lr=0.1, beta1=0.0, beta2=0.8, eps=0.01, weight_decay=0.1, update_proj_gap=7),
            dict(lr=0.01, beta1=0.99, beta2=0.9999, update_proj_gap=1),
        ),
        tolerance=1e-9,
        note="the library rounds to float32 for singular vectors; in float64 here",
    ),
    "dion": Reference(
        "dion",
        None,
        (
            {},
            dict(lr=0.1, momentum=0.0, rank_fraction=0.3, weight_decay=0.0, rows_are_outputs=True),
            dict(
                lr=0.01,
                momentum=0.999,
                rank_fraction=0.6,
                eps=0.1,
                beta1=0.0,
                beta2=0.9999,
                adamw_eps=0.01,
            ),
        ),
        tolerance=1e-9,
    ),
}
