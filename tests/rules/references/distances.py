"""References of D-Adaptation and Prodigy."""

from .table import Reference

OPTAX = {"d0": "estim_lr0", "d_coef": "estim_lr_coef"}
SUMS = dict(m="exp_avg", v="exp_avg_sq", s="grad_sum", weighted="numerator_weighted")
ADAM = dict(m="exp_avg", v="exp_avg_sq", s="s")


def optax_betas(name):
    """Return what builds a rule of optax.contrib that takes a pair of betas."""

    def build(settings):
        import optax

        arguments = {OPTAX.get(k, k): v for k, v in settings.items() if not k.startswith("beta")}
        if "lr" in arguments:
            arguments["learning_rate"] = arguments.pop("lr")
        if "safeguard_warmup" in arguments:
            arguments["safeguard_warmup"] = bool(arguments["safeguard_warmup"])
        betas = settings.get("beta1", 0.9), settings.get("beta2", 0.999)
        return getattr(optax.contrib, name)(betas=betas, **arguments)

    return build


ROWS = {
    "dadapt_sgd": Reference(
        "dadapt_sgd",
        "pytorch_optimizer.DAdaptSGD",
        ({}, dict(lr=0.5, momentum=0.5, d0=1e-2), dict(momentum=0.0, d0=1.0)),
        1e-9,
        states=dict(s="s", x_start="x0", g_first=lambda state, group: group["g0_norm"]),
        library_tolerance=1e-5,
        closed=dict(lr=0.1),
        note="the library takes the first gradient's norm in float32",
    ),
    "dadapt_adam": Reference(
        "dadapt_adam",
        "optax.contrib.dadapt_adamw",
        ({}, dict(lr=0.05, beta1=0.5, beta2=0.99, eps=0.01, d0=1e-4, weight_decay=1e-3)),
        1e-9,
        build=optax_betas("dadapt_adamw"),
        states=SUMS,
        closed=dict(lr=0.1),
    ),
    "dadapt_adam, not corrected": Reference(
        "dadapt_adam",
        "pytorch_optimizer.DAdaptAdam",
        (dict(bias_correction=0, d0=1e-3), dict(lr=0.5, beta2=0.9, bias_correction=0)),
        1e-9,
        states=ADAM,
        note="the authors' code and this library leave the corrections out by default",
    ),
    "prodigy": Reference(
        "prodigy",
        "optax.contrib.prodigy",
        (
            {},
            dict(lr=0.5, beta1=0.5, beta2=0.9, eps=0.01, d0=1e-2, weight_decay=0.1, d_coef=0.5),
            dict(safeguard_warmup=1, lr=0.3),
        ),
        1e-9,
        build=optax_betas("prodigy"),
        states={**SUMS, "x_start": "params0"},
        closed=dict(lr=0.1),
    ),
    "prodigy, not corrected": Reference(
        "prodigy",
        "pytorch_optimizer.Prodigy",
        (dict(bias_correction=0, d0=1e-3), dict(lr=0.5, beta2=0.9, bias_correction=0)),
        1e-9,
        states={**ADAM, "x_start": "p0"},
        note="the authors' code and this library leave the corrections out by default",
    ),
}
