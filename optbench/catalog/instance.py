"""One instance of a problem: its start, minimum and frame, its value and gradient."""

import functools
import math
from dataclasses import dataclass

import numpy as np

from optbench import gate
from optbench.define.draws import mixed, stream_key, uniforms
from optbench.errors import UserError
from optbench.kernels.authors import blocks
from optbench.kernels.authors.tensors import tensor_table
from optbench.kernels.driver.tasks import Placement

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
    placement : Placement
        What the compiled driver needs of the instance.
    net : nets.problem.Net or None
    pretraining : transfer.Source or None
        What a net is fine-tuned from.
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
    placement: Placement
    net: object = None
    pretraining: object = None

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
    def tensor_table(self):
        """The parameter tensors, see `authors.tensors.tensor_table`: int64 [3 n + 1].

        A surface is one vector, whose rows are its coordinates.
        """
        if self.net is None:
            return tensor_table([(self.dim,)], [0, self.dim])
        from optbench.nets.shapes import tensor_shapes

        return tensor_table(tensor_shapes(self.net.net), self.net.layers)

    @property
    def examples(self):
        """(size of the training part, size of a mini-batch) of a data problem, else None."""
        if self.kind not in ("data", "net"):
            return None
        return int(self.placement.q[0]), int(self.placement.q[5])

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

    def check_range(self, dtype):
        """Raise `SettingError` if a column of the data overflows or vanishes in a dtype."""
        if self.definition.data is None or np.dtype(dtype) == np.float64:
            return
        from optbench.nets import data

        p, q = self.placement.p, self.placement.q
        n, k = int(q[:3].sum()), int(q[3])
        width = len(p) // n - k if self.net is None else self.net.net.target_width
        data.check_packed(p, q, width, dtype, self.definition.data)

    def adjustment(self, dtype):
        """Return the compiled function that a net calls after each step, or None."""
        if self.net is None or not self.net.training.adjusts:
            return None
        from optbench.nets.network import compiled

        return compiled("adjust", np.dtype(dtype).name)

    def starts(self, seeds, study_seed=0):
        """Return start points [n, d] for `seeds`; seed 0 gets the declared start.

        Of a net that is fine-tuned they are the fresh weights, see `lanes.starts`.
        """
        seeds, study_seed = _seeds(seeds, study_seed)
        if self.net is not None:
            key = functools.partial(stream_key, study_seed, self.name, self.instance)
            return np.stack([self.net.init(key(seed, "weights")) for seed in seeds.tolist()])
        low, high = self.box
        keys = self._stream(study_seed, "start", seeds)
        points = low + (high - low) * uniforms(keys, self.dim)
        points[seeds == 0] = self.start
        return points

    def _stream(self, study_seed, purpose, seeds):
        """Return one key a seed, which depends on what the draws may depend on and nothing else."""
        base = stream_key(study_seed, self.family, self.dim, self.instance, purpose)
        return mixed(base, seeds)

    def keys(self, seeds, study_seed=0):
        """Return the lanes' stream keys [n] for noise and batches."""
        seeds, study_seed = _seeds(seeds, study_seed)
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
            If the last axis of x is not d long, or x is not numbers.
        """
        from optbench.kernels.cpu.launch import evaluate

        points = gate.reals(f"{self.name}: x", x)
        if points.ndim not in (1, 2) or points.shape[-1] != self.dim:
            raise UserError(
                f"{self.name}: a point has shape [{self.dim}], points [n, {self.dim}]; "
                f"got {list(points.shape)}"
            )
        function = self.compiled(np.float64)[0]
        f, g = evaluate(function, self.placement, np.atleast_2d(points), self.across)
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

    @functools.cached_property
    def solution(self):
        """The minimiser [d] of a convex data problem, as a solver finds it."""
        if self.definition.solver_function is not None:
            return np.asarray(self.definition.solver_function(self.placement.p, self.placement.q))
        from optbench.catalog.references import smooth_convex

        return smooth_convex(self.value_and_grad, self.start)


def _seeds(seeds, study_seed):
    return gate.wholes("seed", seeds), gate.whole("study seed", study_seed)


def _short(value):
    return f"{value:g}".replace("e-0", "e-")
