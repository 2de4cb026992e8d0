"""All perturbations, in the order in which they are applied, and which setting is whose."""

from optbench.define.perturbations import Perturbation
from optbench.perturbations import linear, noise

PERTURBATIONS: tuple[Perturbation, ...] = (
    linear.start_scale, linear.scale, linear.block_scale, linear.permute, linear.rotate,
    linear.condition,
    noise.noise,
)  # fmt: skip

SETTINGS: dict[str, Perturbation] = {
    name: perturbation for perturbation in PERTURBATIONS for name in perturbation.settings
}
"""The perturbation that each setting belongs to."""
