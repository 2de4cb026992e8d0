"""All perturbations, in the order in which they are applied, and which setting is whose."""

from optbench.define.perturbations import Perturbation
from optbench.perturbations import delay, linear, missing, noise, objective, rounding

PERTURBATIONS: tuple[Perturbation, ...] = (
    linear.start_scale, delay.drift, delay.wander,
    linear.scale, linear.block_scale, linear.permute, linear.rotate, linear.condition,
    objective.penalty, objective.barrier, objective.misreport,
    noise.relative_noise, noise.noise, noise.student_noise, noise.stable_noise,
    noise.common_noise, noise.correlated_noise, noise.outliers, noise.value_noise,
    missing.sparse, rounding.gradient_bits, rounding.gradient_digits, rounding.gradient_step,
    rounding.value_bits, rounding.value_digits, rounding.value_step, missing.nan_share,
    delay.lag, delay.stale,
)  # fmt: skip
"""The point that the surface sees, the objective, then what is observed: first where a gradient is
computed (noise), last where it is handed over (delay)."""

SETTINGS: dict[str, Perturbation] = {
    name: perturbation for perturbation in PERTURBATIONS for name in perturbation.settings
}
"""The perturbation that each setting belongs to."""
