"""The vocabulary of tags: what a problem's declaration says about it, one word a property.

The catalog keeps to these words, so that a study can choose problems by them and a report can
group them.
"""

import difflib
from collections.abc import Iterable

from optbench.errors import DefinitionError

TAGS = {
    "convex": "every chord lies above the graph; either this or nonconvex holds",
    "nonconvex": "some chord does not lie above the graph",
    "separable": "a sum (or a monotone function of one) of functions of one coordinate each",
    "rotated": "the instance draws a rotation that mixes the coordinates",
    "ill-conditioned": "curvatures along the way differ by a factor of 1000 or more",
    "valley": "a narrow, curved valley leads to the minimum",
    "saddle": "the seeds start near a point that is stationary and no minimum",
    "linear": "slopes are constant up to the edge of the domain",
    "asymmetric": "far steeper on one side of the minimum than on the other",
    "plateau": "the gradient all but vanishes far from the minimum",
    "cliff": "the gradient grows beyond all measure from one step to the next",
    "least-squares": "a sum of squares: of residuals of a model or of a system of equations",
    "nonsmooth": "has kinks, on which the gradient is a subgradient: it need not vanish at the "
    "minimum, and a check by differences counts only where those to both sides agree",
    "several-basins": "has several local minima: where a method ends depends on its start",
    "equal-minima": "with several-basins: all local minima are global, so gaps compare",
    "many-minima": "with several-basins: dozens of local minima or more",
    "no_gradient": "piecewise constant: the gradient is 0 wherever it exists",
    "bbob": "of the COCO suite bbob, with its instances",
    "counterexample": "made to break a method or a claim",
    "stochastic": "gradients are observed with noise, or change from step to step",
    "heavy-tailed": "the noise has no variance",
    "sparse": "a step sees a few coordinates of the gradient, rarely the last ones",
    "game": "the gradient is the field of a game of two players, not the slope of f: no rule can "
    "descend along it, and f is the distance to the saddle",
    "data": "the objective is a mean over the examples of a data set",
    "net": "a neural network",
    "sequence": "the examples are sequences, of numbers or of tokens",
}
"""Every tag and its meaning."""


def checked_tags(whose: str, tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags as a tuple; raise `DefinitionError` if one is none of `TAGS`."""
    if isinstance(tags, str):
        raise DefinitionError(f"{whose} has tags={tags!r}: give a list, [{tags!r}]")
    tags = tuple(tags)
    for tag in tags:
        if tag not in TAGS:
            near = difflib.get_close_matches(str(tag), TAGS, n=3)
            hint = f"did you mean {', '.join(near)}?" if near else f"they are {', '.join(TAGS)}"
            raise DefinitionError(f"{whose} has the unknown tag {tag!r}: {hint}")
    return tags
