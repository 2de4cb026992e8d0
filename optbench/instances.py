"""One instance of a problem: its start, minimum and frame, its value and gradient.

An instance number keeps what makes a problem easy or hard and changes what an optimizer must not
profit from: surfaces are shifted, with start, box and minimum, by up to a tenth of the box (so that
no minimum sits at 0), and rotated about the minimum where the definition says so; noisy problems
draw their constants anew; data problems split their data anew; a definition may make its own. The
draws depend on the family, dimension and instance alone, so that a rotated problem and its
axis-aligned twin are paired.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np

from optbench.declared import NetDefinition
from optbench.define import generator
from optbench.errors import DefinitionError, UserError
from optbench.kernels import blocks, fingerprint
from optbench.kernels.launch import Frame
from optbench.kernels.random import mixed, stream_key, uniforms
from optbench.kernels.rows import spare_size
from optbench.kernels.tensors import layers_of

SHIFT = 0.1
"""Largest shift of a coordinate, as a share of the width of its box."""
ABSOLUTE_SUCCESS = 1e-8
"""The gap that counts as success where targets are absolute (Hansen et al. 2021, COCO)."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A problem in one dimension and one instance.

    Attributes
    ----------
    definition : ProblemDefinition or NetDefinition
    name, family, source : str
    dim : int
        Number of coordinates; for nets the padded number of parameters.
    instance : int or None
    kind : str
        "deterministic", "stochastic" (noise, or change with the step), "data" (mini-batches) or
        "net".
    start : ndarray [d] or None
        Where seed 0 starts; None for nets, which draw initial weights from every seed.
    minimum : ndarray [d] or None
    f_min : float or None
        The declared least value.
    box : (ndarray [d], ndarray [d]) or None
        Where other seeds start; it does not constrain the search.
    tags : tuple of str
    frame : Frame
        What the compiled driver needs of the instance.
    """

    definition: object
    name: str
    dim: int
    instance: int | None
    kind: str
    start: np.ndarray | None
    minimum: np.ndarray | None
    f_min: float | None
    box: tuple | None
    frame: Frame
    net: object = None

    @classmethod
    def of(cls, definition, dim=None, instance=None):
        """Make an instance of a definition, or fetch it; see `catalog.problem`."""
        if instance is not None and (isinstance(instance, bool) or int(instance) < 1):
            raise UserError(
                f"{definition.name}: instance {instance} does not exist; they are 1, 2, ..."
            )
        return _make(definition, dim, instance)

    @property
    def label(self):
        """Name and dimension, as figures and tables show it."""
        return self.name if self.net is not None else f"{self.name} (d={self.dim})"

    @property
    def tags(self):
        """The definition's tags."""
        return self.definition.tags

    @property
    def family(self):
        """Name that problems share when only conditioning, rotation or dimension differ."""
        return self.definition.family

    @property
    def absolute_targets(self):
        """Whether hits are of gaps 10^2 .. 10^-8, not of shares of the initial gap."""
        return self.net is None and self.definition.targets == "absolute"

    def success(self, default):
        """Return (target, how to say it): what tables count as success.

        Parameters
        ----------
        default : float
            The relative gap of a study for deterministic surfaces that declare none; with absolute
            targets the last of them counts.
        """
        if self.net is not None:
            return self.definition.loss_target, f"training loss <= {self.definition.loss_target:g}"
        if self.absolute_targets:
            gap = self.definition.target or ABSOLUTE_SUCCESS
            return gap, f"f - f_ref <= {_short(gap)}"
        tau = self.definition.target or (default if self.kind == "deterministic" else 1e-2)
        return tau, f"f - f_ref <= {_short(tau)} (f(x0) - f_ref)"

    @property
    def measure(self):
        """What the second number of the metrics is: "accuracy", or a declared name."""
        return "accuracy" if self.net is not None else self.definition.measure

    @property
    def constrained(self):
        """Whether points are changed after each step: layer-wise rates, max-norm."""
        return self.net is not None and self.net.training.constrains

    @property
    def learning(self):
        """Numbers of the coordinates that are trained; the gradient of frozen ones counts as 0."""
        if self.net is None or not self.net.training.rates:
            return np.arange(self.dim)
        rates = self.net.training.row_rates(self.net.net.structure[1])
        return np.flatnonzero(np.repeat(rates, self.dim // len(rates)))

    @property
    def source(self):
        """The paper or book that defines the problem."""
        return self.definition.source

    @property
    def across(self):
        """Whether one lane fills a whole block."""
        return self.net is not None

    @functools.cached_property
    def layers(self):
        """The parameter tensors, see `tensors.layers_of`: int64 [3 n + 1].

        A surface is one vector, whose rows are its coordinates.
        """
        if self.net is None:
            return layers_of([(self.dim,)], [0, self.dim])
        from optbench.nets.shapes import tensor_shapes

        return layers_of(tensor_shapes(self.net.net), self.net.layers)

    @property
    def examples(self):
        """(size of the training part, size of a mini-batch) of a data problem, else None."""
        if self.kind not in ("data", "net"):
            return None
        return int(self.frame.q[0]), int(self.frame.q[5])

    @property
    def written(self):
        """The plain functions problem, metrics and adjust: what is compiled, None where none is."""
        if self.net is not None:
            from optbench.nets import network

            adjust = network.adjust if self.net.training.adjusts else None
            return network.problem, network.metrics, adjust
        return self.definition.function, self.definition.metrics_function, None

    def compiled(self, dtype):
        """Return the compiled block functions (problem, metrics or None)."""
        dtype = np.dtype(dtype)
        if self.net is not None:
            from optbench.nets.network import compiled

            return compiled("problem", dtype.name), compiled("metrics", dtype.name)
        metrics = self.definition.metrics_function
        return (
            blocks.problem_block(self.definition.function, dtype, self.dim),
            metrics and blocks.metrics_block(metrics, dtype),
        )

    def adjustment(self, dtype):
        """Return the compiled function that a net calls after each step, or None."""
        if self.net is None or not self.net.training.adjusts:
            return None
        from optbench.nets.network import compiled

        return compiled("adjust", np.dtype(dtype).name)

    def starts(self, seeds, study_seed=0):
        """Return start points [n, d] for `seeds`; seed 0 gets the declared start."""
        if self.net is not None:
            key = functools.partial(stream_key, study_seed, self.name, self.instance)
            fresh = np.stack([self.net.init(key(int(seed), "weights")) for seed in seeds])
            if self.definition.pretrained is None:
                return fresh
            from optbench import pretraining

            return pretraining.starts(self, fresh, seeds, study_seed)
        low, high = self.box
        keys = self._stream(study_seed, "start", seeds)
        points = low + (high - low) * uniforms(keys, self.dim)
        points[np.asarray(seeds) == 0] = self.start
        return points

    def _stream(self, study_seed, purpose, seeds):
        """Return one key a seed, which depends on what the draws may depend on and nothing else."""
        base = stream_key(study_seed, self.family, self.dim, self.instance, purpose)
        return mixed(base, np.asarray(seeds))

    def keys(self, seeds, study_seed=0):
        """Return the lanes' stream keys [n] for noise and batches."""
        return self._stream(study_seed, "draws", seeds)

    def value(self, x):
        """Return the noise-free value at x [d] (float) or at points [n, d] (array [n])."""
        return self.value_and_grad(x)[0]

    def grad(self, x):
        """Return the noise-free gradient at x [d] or at points [n, d], in the same shape."""
        return self.value_and_grad(x)[1]

    def value_and_grad(self, x):
        """Return noise-free value and gradient, in float64.

        Parameters
        ----------
        x : array_like [d] or [n, d]

        Returns
        -------
        f : float or ndarray [n]
        g : ndarray, shaped like x

        Raises
        ------
        UserError
            If the last axis of x is not d long.
        """
        from optbench.kernels.launch import evaluate

        points = np.asarray(x, dtype=np.float64)
        if points.ndim not in (1, 2) or points.shape[-1] != self.dim:
            raise UserError(
                f"{self.name}: a point has shape [{self.dim}], points [n, {self.dim}]; "
                f"got {list(points.shape)}"
            )
        function = self.compiled(np.float64)[0]
        f, g = evaluate(function, self.frame, np.atleast_2d(points), self.across)
        return (float(f[0]), g[0]) if points.ndim == 1 else (f, g)

    @functools.cached_property
    def reference(self):
        """(f_ref, where it is from): the declared minimum, else a solver's, else (NaN, "none")."""
        if self.f_min is not None:
            return float(self.f_min), "declared"
        if self.kind == "data" and "convex" in self.tags:
            return float(self.value(self.solution)), "solver"
        return math.nan, "none"

    @property
    def local(self):
        """Whether final gaps compare: all local minima, if there are several, are global."""
        return "several-basins" not in self.tags or "equal-minima" in self.tags

    @property
    def basin_gap(self):
        """Gap below which a point is in the global basin, or None where that is not asked.

        See `basins.second_level`; NaN where there is no other minimum to be found. Problems with
        absolute targets are read by these alone.
        """
        if self.local or self.absolute_targets:
            return None
        from optbench.basins import second_level

        return second_level(self)

    @functools.cached_property
    def solution(self):
        """The minimiser [d] of a convex data problem, as a solver finds it."""
        if self.definition.solver_function is not None:
            return np.asarray(self.definition.solver_function(self.frame.p, self.frame.q))
        from optbench.solving import smooth_convex

        return smooth_convex(self.value_and_grad, self.start)

    @functools.cached_property
    def identity(self):
        """Hash of everything that determines the problem's numbers, seeds apart.

        Functions count with the helpers and constants that they refer to, as they are in this
        process; comments and the place in the file do not count.
        """
        frame, found = self.frame, self.definition
        if self.net is None:
            functions = found.function, found.metrics_function, found.solver_function
            facts = (
                self.start, self.box, self.minimum, self.f_min, found.data, found.batch,
                found.targets, found.scratch,
            )  # fmt: skip
        else:
            functions = ()
            facts = (
                found.data, found.sizes, found.activation, found.loss, found.batch,
                found.loss_target, found.init, found.gain, found.options, found.scaling,
                found.training, found.classes,
            )  # fmt: skip
            if found.pretrained:
                from optbench import pretraining

                facts += pretraining.identity(self)
        names = (self.name, self.family, self.dim, self.instance, self.kind)
        constants = (frame.p, frame.q, frame.shift, frame.centre, frame.rotation)
        return contents(found, functions, names, facts, constants)


@functools.lru_cache(maxsize=512)
def _make(definition, dim, instance):
    if isinstance(definition, NetDefinition):
        return _net_problem(definition, dim, instance)
    return _surface(definition, _dimension(definition, dim), instance)


@functools.cache
def _content(function):
    return fingerprint.content(function)


def contents(definition, functions, *values):
    """Return the hash of functions (None stands for none) and values of a definition.

    Raises
    ------
    DefinitionError
        If a function uses something that no hash is known of.
    """
    try:
        return fingerprint.content([_content(f) for f in functions], *values)
    except fingerprint.UnknownValueError as error:
        raise DefinitionError(
            f"{definition.place}: {definition.name} uses {error}, whose content is not known: "
            "results could not be told from those with another content. Use numbers, tuples, "
            "arrays and functions"
        ) from error


def _short(value):
    return f"{value:g}".replace("e-0", "e-")


def _dimension(definition, dim):
    if dim is None or dim == definition.dim:
        return definition.dim
    least = int(definition.scalable)  # True is 1
    if dim not in definition.dims and not (least and dim >= least):
        only = " or ".join(map(str, definition.dims))
        known = f"in any dimension from {least}" if least else f"in {only} only"
        raise UserError(f"{definition.name}: dimension {dim} was asked; it exists {known}")
    return int(dim)


def _spread(value, dim):
    """Turn a number, a (repeated) sequence or a function of `dim` into an array [dim]."""
    value = value(dim) if callable(value) else value
    return np.resize(np.asarray(value, dtype=np.float64), dim)


def _surface(definition, dim, instance):
    start = _spread(definition.start, dim)
    minimum = definition.minimum
    if minimum is not None:
        minimum = _spread(minimum, dim)
    if definition.box is None:
        box = start - 1.0, start + 1.0
    else:
        box = tuple(_spread(side, dim) for side in definition.box)
    kind = "stochastic" if definition.stochastic else "deterministic"
    f_min = definition.f_min(dim) if callable(definition.f_min) else definition.f_min
    p, q = np.zeros(0), np.zeros(0, np.int64)
    shift = centre = rotation = None
    if definition.data is not None:
        from optbench.nets import data

        kind = "data"
        split = data.split(definition.data, instance)
        p, q = data.pack(split, data.load(definition.data).classes, definition.batch)
    elif definition.instance_function is not None:
        own = definition.instance_function(dim, instance or 1)
        p, minimum, f_min = (own[fact] for fact in ("p", "minimum", "f_min"))
        p, q = np.asarray(p, dtype=np.float64), np.asarray(own.get("q", ()), np.int64)
        kind = "data" if len(q) else kind
        moved = own.get("start", start) - start
        start, box = start + moved, (box[0] + moved, box[1] + moved)
    elif instance is not None:
        rng = generator(definition.family, dim, instance, "frame")
        shift = SHIFT * (box[1] - box[0]) * rng.uniform(-1.0, 1.0, dim)
        if definition.rotated:
            centre = np.zeros(dim) if minimum is None else minimum
            rotation = _random_rotation(rng, dim)
        start, box = start + shift, (box[0] + shift, box[1] + shift)
        minimum = minimum if minimum is None else minimum + shift
    elif definition.rotated:
        centre, shift = minimum, np.zeros(dim)
        rotation = _random_rotation(generator(definition.family, dim, 0, "frame"), dim)
    if definition.constants_function is not None:
        rng = generator(definition.family, dim, instance, "constants")
        p = np.asarray(definition.constants_function(rng, dim), dtype=np.float64)
    frame = Frame(p, q, spare_size(definition.scratch * dim), shift, centre, rotation)
    return Problem(
        definition, definition.name, dim, instance, kind, start, minimum, f_min, box, frame
    )


def _random_rotation(rng, dim):
    """Draw an orthogonal matrix from the Haar measure (Mezzadri 2007)."""
    q, r = np.linalg.qr(rng.standard_normal((dim, dim)))
    return q * np.sign(np.diag(r))


def _net_problem(definition, dim, instance):
    from optbench.nets.problem import build

    built = build(definition, np.float64, instance)
    size = int(built.layers[-1]) * 64
    if dim not in (None, size):
        raise UserError(f"{definition.name} has {size} parameters; dimension {dim} was asked")
    frame = Frame(built.p, built.q, built.work_size)
    made = Problem(
        definition, definition.name, size, instance, "net", None, None, None, None, frame, built
    )
    if definition.pretrained is not None:
        from optbench import pretraining

        pretraining.check(made)
    return made
