"""References of the descendants of Muon, on the tensors of `references.matrices`.

Libraries are handed matrices turned, since theirs are [outputs, inputs].
"""

from .table import Reference

BF16 = "the library orthogonalizes in bfloat16; in float64 here"

ROWS = {
    "normuon": Reference(
        "normuon",
        "pytorch_optimizer.NorMuon",
        (
            {},
            dict(
                lr=0.05,
                momentum=0.0,
                neuron_beta=0.999,
                weight_decay=0.0,
                nesterov=False,
                eps=0.01,
            ),
            dict(
                lr=0.01,
                momentum=0.999,
                neuron_beta=0.8,
                match_rms_adamw=False,
                ns_steps=3,
                beta1=0.0,
                beta2=0.9999,
                adamw_eps=0.1,
            ),
        ),
        tolerance=1e-9,
        note=BF16,
    ),
    "normuon, outputs in rows": Reference(
        "normuon",
        None,
        (dict(rows_are_outputs=True), dict(lr=0.05, match_rms_adamw=False, ns_eps=1.0)),
        tolerance=1e-9,
    ),
    "adamuon": Reference(
        "adamuon",
        "pytorch_optimizer.AdaMuon",
        (
            dict(sign=False, bias_correction=True),
            dict(lr=0.1, momentum=0.0, step_beta=0.999, sign=False, bias_correction=True),
            dict(
                lr=0.01,
                momentum=0.999,
                step_beta=0.8,
                weight_decay=0.0,
                eps=0.01,
                ns_steps=3,
                sign=False,
                bias_correction=True,
            ),
        ),
        tolerance=1e-9,
        note=BF16 + "; it has the paper's first version, without signs",
    ),
    "adamuon by the paper": Reference(
        "adamuon",
        None,
        (
            {},
            dict(lr=0.1, momentum=0.5, beta1=0.0, beta2=0.9999, adamw_eps=0.01, ns_eps=1.0),
            dict(lr=0.01, momentum=0.999, step_beta=0.8, weight_decay=0.0),
        ),
        tolerance=1e-9,
    ),
    "adago": Reference(
        "adago",
        None,
        (
            {},
            dict(
                lr=0.5,
                momentum=0.0,
                norm_limit=3.0,
                norm_start=1e-3,
                weight_decay=0.1,
                rows_are_outputs=True,
            ),
            dict(
                lr=0.1,
                momentum=0.999,
                norm_limit=100.0,
                least_rate=0.02,
                ns_steps=3,
                match_rms_adamw=True,
                beta1=0.0,
                beta2=0.9999,
                adamw_eps=0.01,
                ns_eps=1.0,
            ),
        ),
        tolerance=1e-9,
        note="pytorch_optimizer divides by the sum of squares, not by its root",
    ),
    "mars_shampoo": Reference(
        "mars_shampoo",
        "pytorch_optimizer.MARS",
        (
            {},
            dict(lr=0.1, momentum=0.0, weight_decay=0.3),
            dict(lr=0.01, momentum=0.99, gamma=1.0),
        ),
        tolerance=1e-9,
        note=BF16 + "; vectors, whose epsilon it has elsewhere, are left out",
    ),
    "mars_shampoo by the paper": Reference(
        "mars_shampoo",
        None,
        (
            dict(lr=0.02, rows_are_outputs=True),
            dict(
                lr=0.1, gamma=0.0, ns_steps=3, beta1=0.0, beta2=0.9999, adamw_eps=0.01, ns_eps=1.0
            ),
        ),
        tolerance=1e-9,
    ),
    "scion": Reference(
        "scion",
        "pytorch_optimizer.SCION",
        (
            {},
            dict(lr=0.05, momentum=0.0, radius=20.0),
            dict(lr=0.1, momentum=0.999, radius=0.1, constrained=False),
        ),
        tolerance=1e-9,
        note=BF16,
    ),
    "scion, outputs in rows": Reference(
        "scion",
        None,
        (dict(rows_are_outputs=True), dict(lr=0.1, ns_steps=3, ns_eps=1.0, eps=0.1)),
        tolerance=1e-9,
    ),
}
