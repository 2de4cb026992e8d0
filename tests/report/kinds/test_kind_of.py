"""Kinds of problems: every problem of the catalog has the one that its tags say."""

import pytest

import optbench
from optbench.report.kinds.kind_of import (
    AXES,
    CONVEX,
    DATA,
    MANY_MINIMA,
    NETS,
    NOISE,
    ROTATED,
    SADDLE,
    VALLEY,
    kind_of,
)
from optbench.study.pairs import expand
from optbench.study.schema import read_study

OF = {
    "sphere": CONVEX, "rotated_ellipsoid_1e2": CONVEX, "ellipsoid_1e6": AXES, "bent_cigar": AXES,
    "rotated_ellipsoid_1e6": ROTATED, "hilbert": ROTATED, "powell_singular": ROTATED,
    "rosenbrock": VALLEY, "helical_valley": VALLEY, "strict_saddle": SADDLE, "plateau": SADDLE,
    "recurrent_cliff": SADDLE, "rastrigin": MANY_MINIMA, "himmelblau": MANY_MINIMA,
    "noisy_rosenbrock": NOISE, "softmax_iris": DATA, "digits_mlp": NETS,
}  # fmt: skip


def facts_of(problem):
    return {"kind": problem.kind, "tags": ", ".join(problem.tags)}


@pytest.mark.parametrize("name", OF)
def test_a_kind_is_what_the_tags_say(name):
    assert kind_of(facts_of(optbench.problem(name))) == OF[name]


def test_the_default_study_has_three_families_of_each_kind_and_two_nets():
    families = {}
    for pair in expand(read_study("default"))[0]:
        families.setdefault(kind_of(facts_of(pair.problem)), set()).add(pair.problem.family)
    counts = {kind: len(own) for kind, own in families.items()}
    assert counts.pop(NETS) == 2
    assert set(counts) == {CONVEX, AXES, ROTATED, VALLEY, SADDLE, MANY_MINIMA, NOISE, DATA}
    assert min(counts.values()) >= 3, counts
