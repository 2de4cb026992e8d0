"""How the lanes of a Vec become one number: sums, pairwise in one order, and the largest lane."""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.extending import intrinsic

from optbench.kernels.simd.vec import Vec
from optbench.kernels.simd.vectors import elements, splat


def total(vec: Vec) -> Any:
    """Return ``total(value)`` -> Vec with the sum of the lanes in every lane."""

    @intrinsic
    def folded(typing, value):
        def generate(context, builder, sig, values):
            return splat(builder, _sum(builder, elements(builder, values[0])), vec.width)

        return vec(vec), generate

    return folded


def sum_lanes(vec: Vec) -> Any:
    """Return ``sum_lanes(value)`` -> the sum as a number."""

    @intrinsic
    def folded(typing, value):
        def generate(context, builder, sig, values):
            return _sum(builder, elements(builder, values[0]))

        return vec.element(vec), generate

    return folded


def greatest_lane(vec: Vec) -> Any:
    """Return ``greatest_lane(value)`` -> the largest lane."""

    @intrinsic
    def folded(typing, value):
        def generate(context, builder, sig, values):
            numbers = elements(builder, values[0])
            while len(numbers) > 1:
                pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
                numbers = [
                    builder.select(builder.fcmp_ordered("<", *pair), *reversed(pair))
                    for pair in pairs
                ]
            return numbers[0]

        return vec.element(vec), generate

    return folded


def _sum(builder: ir.IRBuilder, numbers: Sequence[ir.Value]) -> ir.Value:
    """Add numbers pairwise, always in the same order."""
    while len(numbers) > 1:
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        numbers = [builder.fadd(*pair) for pair in pairs]
    return numbers[0]
