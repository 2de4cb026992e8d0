"""Rotations, frames and instances of an author's own: what compiled code is handed of them."""

import math

import numpy as np
import pytest

import optbench
from optbench.define import problem
from optbench.errors import DefinitionError
from optbench.kernels.driver.surfaces import surface_group
from optbench.kernels.driver.tasks import Placement


@problem(start=[3.0, 0.0], box=((0.0, -3.0), (4.0, 1.0)), rotated=True)
def turned(x):
    return (x[0] - 2.0) ** 2 + 10.0 * (x[1] + 1.0) ** 2 + x[0]


@pytest.mark.parametrize("instance", [None, 1, 4])
def test_without_a_minimum_a_rotation_is_about_the_middle_of_the_box(instance):
    """By hand: x -> centre + R (x - shift - centre) / scale, centre (2, -1)."""
    made = optbench.problem(turned, instance=instance)
    centre, frame = np.array([2.0, -1.0]), made.placement
    point = np.array([0.7, 0.4])
    seen = centre + frame.rotation @ (point - frame.shift - centre) / frame.scale
    assert np.allclose(frame.rotation @ frame.rotation.T, np.eye(2), atol=1e-15)
    assert made.value(point) == pytest.approx(turned(seen), rel=1e-14)
    slope = [2.0 * (seen[0] - 2.0) + 1.0, 20.0 * (seen[1] + 1.0)]
    assert made.grad(point) == pytest.approx(frame.rotation.T @ slope / frame.scale, rel=1e-13)
    run = optbench.minimize("gd", made, steps=1, lr=0.01, start=point)
    assert run.x[0] == pytest.approx(point - 0.01 * made.grad(point), rel=1e-13)
    assert made.value(centre + frame.shift) == pytest.approx(turned(centre), rel=1e-14)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (dict(shift=np.zeros(2), rotation=np.eye(2)), "centre"),
        (dict(shift=np.zeros(1)), "shift"),
        (dict(shift=np.zeros(2), centre=np.zeros(2), rotation=np.eye(3)), "rotation"),
        (dict(centre=np.zeros(2), rotation=np.eye(2)), "shift"),
        (dict(shift=np.zeros(2), scale=1.1), "centre"),
        (dict(centre=np.zeros(2), scale=1.1), "shift"),
    ],
)
def test_compiled_code_never_gets_an_array_shorter_than_it_reads(parts, name):
    placement = Placement(np.zeros(0), np.zeros(0, np.int64), **parts)
    with pytest.raises(ValueError, match=f"dimension 2 has a {name} of shape"):
        surface_group(placement, np.dtype("float64"), 2)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (dict(p=[1.0], minimum=[0.0], f_min=0.0), r"minimum has shape \[1\]; give 2 numbers"),
        (dict(p=[1.0], minimum=None, f_min=0.0, start=[1.0] * 3), r"start has shape \[3\]"),
        (dict(p=[math.nan], minimum=None, f_min=0.0), "p has nan: give finite numbers"),
        (dict(p=[], minimum=None, f_min="0"), "f_min = '0' must be a number"),
        (dict(p=[], minimum=None), "must be a dict of p, minimum and f_min"),
        (dict(p="abc", minimum=None, f_min=0.0), "must be a sequence of numbers"),
    ],
)
def test_an_own_instance_is_checked(facts, message):
    @problem(start=[1.0, 1.0])
    def own(x, p):
        return x[0] * x[0] + x[1] * x[1]

    own.instance(lambda dim, instance: facts)
    with pytest.raises(DefinitionError, match=f"instance 3 of own.*{message}"):
        optbench.problem(own, instance=3)
