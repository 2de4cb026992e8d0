"""Which rules contain others: settings at which a rule makes the steps of another one.

A rule that contains another cannot be worse, if it is tuned over what it contains: the best setting
of the contained rule is one of its own. Where it loses all the same, it was tuned too little. Each
map here is a function from the settings of the contained rule, rate first and defaults as that
rule's, to those of the container; tests replay both. Constant rates: schedules part some of them.

Plain Python, which reports read too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Settings: TypeAlias = Mapping[str, float]
Map: TypeAlias = Callable[..., dict[str, float]]

LARGE = 1e20
"""An `eps` beside which a root of squared gradients is nothing: what divides by it, scales."""
SMALL = 1e-30
"""An `eps` that is nothing beside a root of squared gradients."""
NOISE_FREE = frozenset({"deterministic"})
ANY = frozenset({"deterministic", "stochastic", "data", "net"})
"""Kinds of problems. On data and nets `gd` takes the full batch, which no other rule here does."""


@dataclass(frozen=True)
class Containment:
    """A rule that contains another one.

    Attributes
    ----------
    container, contained : str
        Names of rules.
    setting : callable
        ``setting(**settings of the contained rule) -> settings of the container``.
    kinds : frozenset of str
        Of the problems on which it does.
    """

    container: str
    contained: str
    setting: Map
    kinds: frozenset[str] = ANY


def _scaled(**fixed: float) -> Map:
    """Return the map of a rule without settings but the rate into one that divides by `eps`."""

    def setting(lr: float) -> dict[str, float]:
        return {"lr": lr * LARGE, "eps": LARGE, **fixed}

    return setting


def _with(**fixed: float) -> Map:
    """Return the map of a rule without settings but the rate, at fixed settings beside it."""

    def setting(lr: float) -> dict[str, float]:
        return {"lr": lr, **fixed}

    return setting


def _of_adam(**fixed: float) -> Map:
    """Return the map of Adam into one that has its settings, at fixed settings beside them."""

    def setting(
        lr: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> dict[str, float]:  # fmt: skip
        return {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps, **fixed}

    return setting


DESCENT: Mapping[str, Map] = {
    "momentum": _with(momentum=0.0),
    "momentum_inside": _with(momentum=0.0),
    "momentum_ema": _with(momentum=0.0),
    "heavy_ball": _with(momentum=0.0),
    "nesterov": _with(momentum=0.0),
    "nesterov_sutskever": _with(momentum=0.0),
    "asgd": _with(lambd=0.0),
    "qhm": _with(nu=0.0),
    "aggmo": _with(beta1=0.0, beta2=0.0, beta3=0.0),
    "pid": _with(integral=0.0, derivative=0.0),
    "adagrad": _scaled(),
    "rmsprop": _scaled(),
    "adam": _scaled(beta1=0.0),
    "adamw": _scaled(beta1=0.0, weight_decay=0.0),
    "nadam": _scaled(beta1=0.0),
    "amsgrad": _scaled(beta1=0.0),
    "adabelief": _scaled(beta1=0.0),
    "qhadam": _scaled(nu1=0.0),
    "padam": _scaled(beta1=0.0, partial=0.5),
}
"""Rules that contain gradient descent."""


def _same_velocity(lr: float, momentum: float = 0.9) -> dict[str, float]:
    """Rate inside or outside of the velocity, or none: the same while the rate is constant."""
    return {"lr": lr, "momentum": momentum}


def _momentum_of_mean(lr: float, momentum: float = 0.9) -> dict[str, float]:
    """A mean of gradients is their velocity times 1 - momentum."""
    return {"lr": lr * (1.0 - momentum), "momentum": momentum}


def _mean_of_velocity(lr: float, momentum: float = 0.9, dampening: float = 0.0) -> dict[str, float]:
    _refuse_dampening(dampening)
    return {"lr": lr / (1.0 - momentum), "momentum": momentum}


def _qhm_of_velocity(lr: float, momentum: float = 0.9, dampening: float = 0.0) -> dict[str, float]:
    return {**_mean_of_velocity(lr, momentum, dampening), "nu": 1.0}


def _qhm_of_mean(lr: float, momentum: float = 0.9) -> dict[str, float]:
    return {"lr": lr, "momentum": momentum, "nu": 1.0}


def _qhm_of_nesterov(lr: float, momentum: float = 0.9) -> dict[str, float]:
    """G + momentum v is (1 - nu) g + nu m, with nu the momentum, over 1 - momentum."""
    return {"lr": lr / (1.0 - momentum), "momentum": momentum, "nu": momentum}


def _pid_of_nesterov(lr: float, momentum: float = 0.9) -> dict[str, float]:
    """G + momentum v: the sum of gradients counts as often as it keeps of itself."""
    return {"lr": lr, "momentum": momentum, "integral": momentum, "derivative": 0.0}


def _sgdp_of_nesterov(lr: float, momentum: float = 0.9) -> dict[str, float]:
    return {"lr": lr, "momentum": momentum, "delta": 0.0}


def _aggmo_of_velocity(
    lr: float, momentum: float = 0.9, dampening: float = 0.0
) -> dict[str, float]:  # fmt: skip
    _refuse_dampening(dampening)
    return {"lr": lr, "beta1": momentum, "beta2": momentum, "beta3": momentum}


def _rmsprop_of_velocity(
    lr: float, momentum: float = 0.9, dampening: float = 0.0
) -> dict[str, float]:  # fmt: skip
    """Its buffer is a velocity of what it divides, and is not corrected for its start."""
    _refuse_dampening(dampening)
    return {"lr": lr * LARGE, "eps": LARGE, "momentum": momentum}


def _padam_of_velocity(
    lr: float, momentum: float = 0.9, dampening: float = 0.0
) -> dict[str, float]:  # fmt: skip
    """Its first moment is a mean, which it does not correct for its start."""
    _refuse_dampening(dampening)
    return {"lr": lr * LARGE / (1.0 - momentum), "eps": LARGE, "beta1": momentum, "partial": 0.5}


def _refuse_dampening(dampening: float) -> None:
    if dampening != 0.0:
        raise ValueError(f"a velocity with dampening {dampening:g} is in no other rule")


def _adam_of_corrected_mean(
    lr: float, momentum: float = 0.9, debias: float = 0.0
) -> dict[str, float]:  # fmt: skip
    """Adam corrects its mean of gradients for its start at zero, as `debias` does."""
    if not debias:
        raise ValueError("a mean that is not corrected for its start is not in Adam")
    return {"lr": lr * LARGE, "eps": LARGE, "beta1": momentum}


def _adamw_of_corrected_mean(
    lr: float, momentum: float = 0.9, debias: float = 0.0
) -> dict[str, float]:  # fmt: skip
    return {**_adam_of_corrected_mean(lr, momentum, debias), "weight_decay": 0.0}


def _qhadam_of_corrected_mean(
    lr: float, momentum: float = 0.9, debias: float = 0.0
) -> dict[str, float]:  # fmt: skip
    return {**_adam_of_corrected_mean(lr, momentum, debias), "nu1": 1.0}


def _adamp_of_adamw(
    lr: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> dict[str, float]:  # fmt: skip
    adamw = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps, "weight_decay": weight_decay}
    return {**adamw, "delta": 0.0}


def _averaged(
    lr: float, beta: float = 0.9, weight_decay: float = 0.0, warmup_steps: float = 0.0,
    r: float = 0.0, weight_lr_power: float = 2.0,
) -> dict[str, float]:  # fmt: skip
    """Decay stands beside the quotient, so that the scaled rate must not scale it."""
    return {
        "lr": lr * LARGE, "eps": LARGE, "beta1": beta, "weight_decay": weight_decay / LARGE,
        "warmup_steps": warmup_steps, "r": r, "weight_lr_power": weight_lr_power,
    }  # fmt: skip


def _lion_of_signum(lr: float, beta: float = 0.9) -> dict[str, float]:
    return {"lr": lr, "beta1": beta, "beta2": beta, "weight_decay": 0.0}


CONTAINMENTS = (
    *(Containment(name, "gd", setting, NOISE_FREE) for name, setting in DESCENT.items()),
    *(Containment(name, "sgd", setting) for name, setting in DESCENT.items()),
    Containment("momentum", "heavy_ball", _same_velocity),
    Containment("momentum", "momentum_inside", _same_velocity),
    Containment("momentum", "momentum_ema", _momentum_of_mean),
    Containment("momentum_ema", "momentum", _mean_of_velocity),
    Containment("qhm", "momentum", _qhm_of_velocity),
    Containment("qhm", "momentum_ema", _qhm_of_mean),
    Containment("qhm", "nesterov", _qhm_of_nesterov),
    Containment("aggmo", "momentum", _aggmo_of_velocity),
    Containment("pid", "nesterov", _pid_of_nesterov),
    Containment("sgdp", "nesterov", _sgdp_of_nesterov),
    Containment("rmsprop", "momentum", _rmsprop_of_velocity),
    Containment("padam", "momentum", _padam_of_velocity),
    Containment("adam", "momentum_ema", _adam_of_corrected_mean),
    Containment("amsgrad", "momentum_ema", _adam_of_corrected_mean),
    Containment("adabelief", "momentum_ema", _adam_of_corrected_mean),
    Containment("adamw", "momentum_ema", _adamw_of_corrected_mean),
    Containment("qhadam", "momentum_ema", _qhadam_of_corrected_mean),
    Containment("adamw", "adam", _of_adam(weight_decay=0.0)),
    Containment("qhadam", "adam", _of_adam(nu1=1.0, nu2=1.0)),
    Containment("optimistic_adam", "adam", _of_adam(optimism=0.0)),
    Containment("adamnorm", "adam", _of_adam(gamma=0.0)),
    Containment("adamp", "adamw", _adamp_of_adamw),
    Containment("schedule_free_adamw", "schedule_free_sgd", _averaged),
    Containment("signum", "sign_sgd", _with(beta=0.0)),
    Containment("lion", "sign_sgd", _with(beta1=0.0, weight_decay=0.0)),
    Containment("lion", "signum", _lion_of_signum),
    Containment("adam", "sign_sgd", _with(beta1=0.0, beta2=0.0, eps=SMALL)),
)
"""All of them: container, contained, settings to settings."""
