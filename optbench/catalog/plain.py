"""Author code called as it was written: plain Python on arrays that notice misuse.

The point is read-only and the gradient holds NaN, so code that changes x, reaches beyond the
coordinates, leaves a coordinate out or reads g before it wrote it is refused, with its line.
"""

import traceback
from typing import Any

import numpy as np

from optbench.catalog import plain_blocks
from optbench.catalog.building import make
from optbench.catalog.instance import Floats
from optbench.catalog.surface import SurfaceInstance
from optbench.catalog.watched import EnoughError, MisuseError, Watched
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.errors import DefinitionError
from optbench.kernels.authors.perturbed import Perturbed
from optbench.kernels.compiling import source_checks

NOT_IEEE = (ArithmeticError,)
"""What Python raises where compiled code computes infinities and NaNs."""
MOST_ACCESSES = 4_000
"""Numbers that `check_at_start` lets a function read and write: some ten milliseconds."""


def check_at_start(definition: ProblemDefinition | NetDefinition, dim: int | None = None) -> None:
    """Refuse a problem that cannot work, in some milliseconds and without compiling.

    The function is called once as plain Python, at its own start: of a data problem on a
    mini-batch, of many coordinates as far as ten milliseconds go.

    Parameters
    ----------
    definition : ProblemDefinition or NetDefinition
        A net, which has no function of its own, passes; what is perturbed counts without that.
    dim : int, optional
        By default the declared one.

    Raises
    ------
    DefinitionError
        If the function does what compiled code cannot, reaches beyond its coordinates, changes x,
        leaves g unfilled, raises, returns no number, or is not finite there. The message has the
        file, the line and what to do.
    """
    if isinstance(definition, NetDefinition):
        return
    definition = definition.base or definition
    problem = make(definition, dim)
    assert isinstance(problem, SurfaceInstance)
    full = problem.kind != "data"
    try:
        f, g = value_and_grad(
            problem, problem.start, full=full, must_be_finite=True, most=MOST_ACCESSES
        )
    except EnoughError:
        return
    slopes = np.zeros(0) if g is None else g
    bad = np.flatnonzero(~np.isfinite(slopes))
    if not np.isfinite(f) or len(bad):
        what = f"g[{bad[0]}] = {slopes[bad[0]]}" if np.isfinite(f) else f"f = {f}"
        raise DefinitionError(
            f"{definition.place}: {definition.name}: {what} at its own start {at(problem.start)}: "
            "choose a start where it is finite"
        )


def value_and_grad(
    problem: SurfaceInstance,
    x: Floats,
    *,
    full: bool = True,
    must_be_finite: bool = False,
    most: int | None = None,
) -> tuple[float, Floats | None]:
    """Return value and gradient at a point [d] as the author's function gives them.

    Parameters
    ----------
    problem : SurfaceInstance
        Without shift; points are rotated into its frame.
    x : ndarray [d]
    full : bool
        Whether the noise-free value is computed, on all data.
    must_be_finite : bool
        Whether arithmetic that plain Python refuses, such as 1 / 0, is an error.
    most : int, optional
        Numbers of x and g that may be read and written before `EnoughError` is raised.

    Returns
    -------
    f : float
    g : ndarray [d] or None
        None where the function takes no `g`; both are NaN where Python's arithmetic raises.

    Raises
    ------
    DefinitionError
        If the function does what cannot be compiled, changes x, leaves g unfilled, returns no
        number or raises.
    """
    definition, placement = problem.definition, problem.placement
    source_checks.check_all(definition.function)
    if isinstance(problem.written.problem, Perturbed):
        return _perturbed(problem, x, full)
    z, rotation = np.array(x), placement.rotation
    if rotation is not None:
        z = placement.centre + rotation @ (x - placement.centre)
    g = np.full(problem.dim, np.nan)
    fills_g = "g" in definition.arguments
    arguments = _arguments(problem, Watched("x", z, False, most), Watched("g", g, True, most), full)
    try:
        with np.errstate(all="ignore"):
            f = definition(*(arguments[name] for name in definition.arguments))
    except Exception as error:
        if _is_arithmetic(error) and not must_be_finite:
            return np.nan, g if fills_g else None
        raise DefinitionError(_what_went_wrong(error, problem)) from error
    if not np.isscalar(f) or isinstance(f, (str, bytes, complex)):
        returned = "x" if isinstance(f, Watched) else repr(f)
        raise DefinitionError(
            f"{definition.place}: {definition.name} must return one number, but returned {returned}"
        )
    if not fills_g:
        return float(f), None
    if np.isfinite(f) and np.isnan(g).any():
        first = int(np.isnan(g).argmax())
        raise DefinitionError(
            f"{definition.place}: {definition.name} leaves g[{first}] unfilled (or reads it before "
            "it wrote it, or computes NaN): g holds anything on entry; give every g[i] a value"
        )
    return float(f), g if rotation is None else rotation.T @ g


def _perturbed(problem: SurfaceInstance, x: Floats, full: bool) -> tuple[float, Floats]:
    """Return value and gradient of a problem with perturbations, whose author's was checked."""
    try:
        return plain_blocks.value_and_grad(problem, x, full)
    except ArithmeticError:
        return np.nan, np.full(problem.dim, np.nan)


def _arguments(problem: SurfaceInstance, x: Watched, g: Watched, full: bool) -> dict[str, Any]:
    """Return all that an author's function may take, by name."""
    p, q, key = problem.placement.p, problem.placement.q, np.uint64(0)
    z = np.full(problem.definition.scratch * problem.dim, np.nan)
    return dict(x=x, g=g, p=p, q=q, z=z, key=key, stream=key, t=0, full=int(full))


def _is_arithmetic(error: Exception) -> bool:
    """Say whether compiled code would go on with infinities and NaNs where Python raises this."""
    return isinstance(error, NOT_IEEE) or (isinstance(error, ValueError) and "math " in str(error))


def _what_went_wrong(error: Exception, problem: SurfaceInstance) -> str:
    """Return the message about an error in an author's function, with its line."""
    definition = problem.definition
    frames = list(traceback.extract_tb(error.__traceback__))
    file = definition.place.rpartition(":")[0]
    own = [frame for frame in frames if frame.filename == file] or frames[-1:]
    head = f"{own[-1].filename}:{own[-1].lineno}: {definition.name}"
    if isinstance(error, MisuseError):
        return f"{head} {error}"
    if isinstance(error, IndexError):
        return (
            f"{head} reaches beyond what it was handed: {error}; what it reads of p, q and z must "
            "fit what it declares"
        )
    if _is_arithmetic(error):
        return (
            f"{head} computes no finite number at its own start {at(problem.start)}: {error}; "
            "choose a start where it is finite"
        )
    return f"{head} raises {type(error).__name__}: {' '.join(str(error).split())}"


def at(x: Floats) -> str:
    """Write a point down, shortened."""
    coordinates = ", ".join(f"{value:.6g}" for value in x[:6])
    return f"[{coordinates}{', ...' if len(x) > 6 else ''}]"
