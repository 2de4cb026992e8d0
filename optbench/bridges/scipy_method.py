"""`as_scipy`: a rule as a method of `scipy.optimize.minimize`."""

import inspect
import math
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, OptimizeWarning

from optbench import gate
from optbench.bridges import requirements
from optbench.bridges.stepped_lane import SteppedLane
from optbench.define.definitions import Rule
from optbench.define.plugins import Folders
from optbench.errors import SettingError
from optbench.lanes.fed_lane import shapes_of
from optbench.rules.compose import Optimizer

Method: TypeAlias = Callable[..., OptimizeResult]
Floats: TypeAlias = NDArray[np.float64]

MAXITER, GTOL = 1000, 1e-5
"""Steps where ``maxiter`` is not given, and the tolerance of SciPy's BFGS and CG."""
CONVERGED, SPENT, NOT_FINITE, STOPPED = 0, 1, 3, 99
MESSAGES = {
    CONVERGED: "Optimization terminated successfully.",
    SPENT: "Maximum number of iterations has been exceeded.",
    NOT_FINITE: "A value or a gradient is not finite; a smaller lr may help.",
    STOPPED: "`callback` raised `StopIteration`.",
}
"""Statuses and words are those of SciPy's own methods."""
OWN = ("maxiter", "gtol", "tol", "disp", "return_all", "seed", "shape")
"""Options that are no settings of the optimizer."""


def as_scipy(
    optimizer: str | Rule | Optimizer, *, folders: Folders = (), **settings: Any
) -> Method:
    """Return a rule as ``method=`` of `scipy.optimize.minimize`.

    Its options are ``maxiter`` (steps, 1000), ``gtol`` (or ``tol=``: it ends where no component of
    the gradient is larger; 1e-5), ``disp``, ``return_all``, ``seed`` (of rules that draw),
    ``shape`` (of the tensors that x consists of, for rules that see matrices), and every setting of
    the optimizer. A schedule runs over ``maxiter`` steps.

    Parameters
    ----------
    optimizer : str, Rule or Optimizer
        A name ("adam"), a name with settings ("adam[beta1=0.8,clip_norm=1]") or an object.
    folders : path or sequence of path
        Folders with rules of the user's own.
    **settings : float or str
        Hyperparameters, settings of wrappers and of schedules.

    Raises
    ------
    UserError
        If a name or a setting is wrong.

    Examples
    --------
    >>> import optbench
    >>> from scipy.optimize import minimize, rosen, rosen_der
    >>> adam = optbench.as_scipy("adam", lr=0.05, maxiter=5000)
    >>> minimize(rosen, [-1.2, 1.0], method=adam, jac=rosen_der).success
    True
    """
    defaults = {name: settings.pop(name) for name in OWN if name in settings}
    base = requirements.composed("as_scipy", optimizer, folders, settings)

    def method(
        fun: Callable[..., float], x0: Any, args: tuple[Any, ...] = (), *, jac: Any = None,
        hess: Any = None, hessp: Any = None, bounds: Any = None, constraints: Any = (),
        callback: Callable[..., Any] | None = None, **options: Any,
    ) -> OptimizeResult:  # fmt: skip
        if "tol" in options:  # of this call, whatever the method was made with
            options.setdefault("gtol", options.pop("tol"))
        options = {**defaults, **options}
        _warn_of_limits(base, bounds, constraints)
        chosen = {name: value for name, value in options.items() if name not in OWN}
        own = requirements.composed("as_scipy", base, folders, chosen)
        objective = _Objective(base.name, fun, jac, hess, hessp, args)
        return _Run(own, objective, np.asarray(x0, float), options, callback).run()

    method.__name__ = method.__qualname__ = base.name
    return method


def _warn_of_limits(optimizer: Optimizer, bounds: Any, constraints: Any) -> None:
    """Warn, as SciPy does of its own methods, that what bounds x is not looked at."""
    for what, given in (("bounds", bounds is not None), ("constraints", np.any(constraints))):
        if given:
            warnings.warn(
                f"Method {optimizer.name} cannot handle {what}.", OptimizeWarning, stacklevel=4
            )


class _Objective:
    """The user's functions, counted."""

    def __init__(
        self, name: str, fun: Any, jac: Any, hess: Any, hessp: Any, args: tuple[Any, ...]
    ) -> None:
        if not callable(jac):
            raise SettingError(
                f"{name} needs the gradient: give jac=True if fun returns (f, g), or jac=gradient; "
                "without one, jac=lambda x, *args: scipy.optimize.approx_fprime(x, fun, 1.5e-8, "
                "*args) takes differences (of a fun that returns f alone)"
            )
        self._fun, self._jac, self._hess, self._hessp, self._args = fun, jac, hess, hessp, args
        self.values = self.gradients = self.products = 0

    def value(self, x: Floats) -> float:
        """Return f(x)."""
        self.values += 1
        return float(np.squeeze(self._fun(np.copy(x), *self._args)))

    def gradient(self, x: Floats) -> Floats:
        """Return the gradient at x [d]."""
        self.gradients += 1
        g = np.asarray(self._jac(np.copy(x), *self._args), float)
        if g.size != x.size:
            raise SettingError(
                f"jac returns an array of shape {list(g.shape)}; x has {x.size} coordinates, and "
                "so must the gradient"
            )
        return g.reshape(-1)

    @property
    def has_products(self) -> bool:
        """Whether there are products with the Hessian."""
        return callable(self._hess) or callable(self._hessp)

    def product(self, x: Floats, v: Floats) -> Floats:
        """Return the Hessian at x times v."""
        self.products += 1
        if callable(self._hessp):
            return np.asarray(self._hessp(np.copy(x), v, *self._args), float).reshape(-1)
        return np.asarray(self._hess(np.copy(x), *self._args) @ v, float).reshape(-1)


class _Options(NamedTuple):
    maxiter: int
    gtol: float
    seed: int
    shapes: list[tuple[int, ...]]
    disp: bool
    return_all: bool


def _checked(options: dict[str, Any], x: Floats, optimizer: Optimizer) -> _Options:
    """Return the options that are no settings."""
    shape = options.get("shape")
    if not x.size:
        raise SettingError(f"as_scipy: x0 is empty; {optimizer.name} needs a coordinate at least")
    if optimizer.rule.matrix and shape is None:
        raise SettingError(
            f"as_scipy: {optimizer.name} sees whole tensors; give their shapes, for example "
            'options={"shape": [(4, 3), (3,)]}'
        )
    shapes = shapes_of("as_scipy", [(x.size,)] if shape is None else shape)
    if sum(math.prod(sides) for sides in shapes) != x.size:
        raise SettingError(f"as_scipy: shape = {shapes} does not make up x0, which has {x.size}")
    return _Options(
        gate.whole("as_scipy: maxiter", options.get("maxiter", MAXITER), low=1),
        gate.real("as_scipy: gtol", options.get("gtol", options.get("tol", GTOL))),
        gate.whole("as_scipy: seed", options.get("seed", 0)),
        shapes,
        bool(options.get("disp", False)),
        bool(options.get("return_all", False)),
    )


class _Run:
    """One minimisation, from x0 to an `OptimizeResult`."""

    def __init__(
        self, optimizer: Optimizer, objective: _Objective, x0: Floats, options: dict[str, Any],
        callback: Callable[..., Any] | None,
    ) -> None:  # fmt: skip
        self.optimizer, self.objective, self.callback = optimizer, objective, callback
        self.options = _checked(options, x0, optimizer)
        if optimizer.hessian_every and not objective.has_products:
            raise SettingError(
                f"as_scipy: {optimizer.name} takes products with the Hessian: give hessp= or hess="
            )
        self.lane = SteppedLane(
            optimizer, self.options.shapes, seed=self.options.seed, budget=self.options.maxiter,
            surface=options.get("shape") is None,
        )  # fmt: skip
        self._write(self.lane.x, x0)
        self.lane.start_at_x()
        self.random = np.random.default_rng(self.options.seed)
        self.whole = _takes_result(callback)

    def run(self) -> OptimizeResult:
        """Take steps until something ends them."""
        each, points, step, status = self.optimizer.evaluations, [self._point()], 0, SPENT
        x = self._query()
        f, g = self.objective.value(x), self.objective.gradient(x)
        while True:
            if not (math.isfinite(f) and np.isfinite(g).all()):
                status = NOT_FINITE
            elif np.abs(g).max() <= self.options.gtol:
                status = CONVERGED
            if status != SPENT or step == self.options.maxiter:
                break
            self._estimate_hessian(x, step)
            for phase in range(each):
                if phase:
                    x = self._query()
                    f, g = self.objective.value(x), self.objective.gradient(x)
                self._write(self.lane.g, g)
                self.lane.take(f)
            step += 1
            x = self._query()
            f, g = self.objective.value(x), self.objective.gradient(x)
            if self.options.return_all:
                points.append(self._point())
            if self._stops(f):
                status = STOPPED
                break
        return self._result(f, g, step, status, points)

    def _stops(self, f: float) -> bool:
        """Call the user's callback; say whether it asks for the end."""
        if self.callback is None:
            return False
        x = self._point()
        try:
            if self.whole:
                self.callback(intermediate_result=OptimizeResult(x=x, fun=f))
            else:
                self.callback(x)
        except StopIteration:
            return True
        return False

    def _result(
        self, f: float, g: Floats, step: int, status: int, points: list[Floats]
    ) -> OptimizeResult:
        """Return what SciPy's methods do, at the reported point."""
        x = self._point()
        if self.lane.layout.iterate >= 0 and status != NOT_FINITE:
            f, g = self.objective.value(x), self.objective.gradient(x)
        result = OptimizeResult(
            x=x, fun=f, jac=g, nit=step, nfev=self.objective.values, njev=self.objective.gradients,
            nhev=self.objective.products, status=status, success=status == CONVERGED,
            message=MESSAGES[status],
        )  # fmt: skip
        if self.options.return_all:
            result["allvecs"] = points
        if self.options.disp:
            print(f"{result.message}\n         Current function value: {f:f}")
            print(f"         Iterations: {step}\n         Function evaluations: {result.nfev}")
        return result

    def _estimate_hessian(self, x: Floats, step: int) -> None:
        """Write z * H z for random signs z where the rule looks at it."""
        every = self.optimizer.hessian_every
        if every and step % every == 0:
            signs = self.random.choice([-1.0, 1.0], x.size)
            estimate = signs * self.objective.product(x, signs)
            self._write(self.lane.S[self.lane.layout.hessian], estimate)

    def _write(self, array: Any, numbers: Floats) -> None:
        array.reshape(-1)[self.lane.places.flat] = numbers

    def _query(self) -> Floats:
        return self.lane.point("query").astype(np.float64, copy=False)

    def _point(self) -> Floats:
        return self.lane.point("reported").astype(np.float64, copy=False)


def _takes_result(callback: Callable[..., Any] | None) -> bool:
    """Whether a callback is one that takes `intermediate_result`, by SciPy's convention."""
    return callback is not None and set(inspect.signature(callback).parameters) == {
        "intermediate_result"
    }
