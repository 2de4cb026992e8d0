"""Which kind of difficulty a problem is an example of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NETS, DATA, NOISE = "nets", "data", "noise"
MANY_MINIMA, SADDLE = "many minima", "saddle or plateau"
VALLEY, ROTATED = "valley", "ill-conditioned, rotated"
AXES, CONVEX, OTHER = "ill-conditioned, axis-aligned", "convex, well-conditioned", "other"
KINDS = (CONVEX, AXES, ROTATED, VALLEY, SADDLE, MANY_MINIMA, NOISE, DATA, NETS, OTHER)
"""In the order in which they are shown."""
FLAT = {"saddle", "plateau", "cliff"}


def kind_of(facts: Mapping[str, Any]) -> str:
    """Return the kind of a problem, one of `KINDS`: what of its tags weighs most.

    Where gradients come from counts first (a net, data, noise), then what a method must get past:
    other minima, flat parts and cliffs, a curved valley, curvatures that differ.
    An ill-conditioned problem that is no sum over coordinates counts as rotated, since no scaling
    of the coordinates cures it. Minima that are all global are no obstacle.

    Parameters
    ----------
    facts : dict
        "kind" and "tags" of a problem: a text with commas.
    """
    tags = {tag.strip() for tag in facts["tags"].split(",")}
    if facts["kind"] in ("net", "data"):
        return NETS if facts["kind"] == "net" else DATA
    if facts["kind"] == "stochastic":
        return NOISE
    if "several-basins" in tags and "equal-minima" not in tags:
        return MANY_MINIMA
    if tags & FLAT:
        return SADDLE
    if "valley" in tags and "convex" not in tags:
        return VALLEY
    if "ill-conditioned" in tags:
        return AXES if "separable" in tags else ROTATED
    return CONVEX if "convex" in tags else MANY_MINIMA if "several-basins" in tags else OTHER
