"""Author code called as it was written: plain Python on arrays that tell on it.

The point is read-only and the gradient holds NaN, so code that changes x, writes beyond the
coordinates, leaves a coordinate out or reads g before it wrote it is found, with its line.
"""

import traceback

import numpy as np

from optbench.errors import DefinitionError

NOT_IEEE = (ArithmeticError,)
"""What Python raises where compiled code computes infinities and NaNs."""


def called(problem, x):
    """Return value and gradient at a point [d] as the author's function gives them.

    Parameters
    ----------
    problem : Problem
        An instance without shift; points are rotated into its frame.
    x : ndarray [d]

    Returns
    -------
    f : float
    g : ndarray [d] or None
        None where the function takes no `g`; both are NaN where Python's arithmetic raises.

    Raises
    ------
    DefinitionError
        If the function changes x, leaves g unfilled, returns no number or raises.
    """
    definition, frame = problem.definition, problem.frame
    z, rotation = np.array(x), frame.rotation
    if rotation is not None:
        z = frame.centre + rotation @ (x - frame.centre)
    z.flags.writeable = False
    g = np.full(problem.dim, np.nan)
    key = np.uint64(0)
    spare = np.full(definition.scratch * problem.dim, np.nan)
    given = dict(x=z, g=g, p=frame.p, q=frame.q, z=spare, key=key, stream=key, t=0, full=1)
    try:
        with np.errstate(all="ignore"):
            f = definition(*(given[name] for name in definition.arguments))
    except Exception as error:
        if _is_arithmetic(error):
            return np.nan, g if "g" in definition.arguments else None
        raise DefinitionError(_told(error, definition)) from error
    if not np.isscalar(f) or isinstance(f, (str, bytes, complex)):
        raise DefinitionError(
            f"{definition.place}: {definition.name} must return one number, but returned {f!r}"
        )
    if "g" not in definition.arguments:
        return float(f), None
    if np.isfinite(f) and np.isnan(g).any():
        first = int(np.isnan(g).argmax())
        raise DefinitionError(
            f"{definition.place}: {definition.name} leaves g[{first}] unfilled (or reads it before "
            "it wrote it, or computes NaN): g holds anything on entry; give every g[i] a value"
        )
    return float(f), g if rotation is None else rotation.T @ g


def _is_arithmetic(error):
    return isinstance(error, NOT_IEEE) or (isinstance(error, ValueError) and "math " in str(error))


def _told(error, definition):
    frames = traceback.extract_tb(error.__traceback__)
    file = definition.place.rpartition(":")[0]
    own = [frame for frame in frames if frame.filename == file] or frames[-1:]
    place = f"{own[-1].filename}:{own[-1].lineno}"
    if "read-only" in str(error):
        return f"{place}: {definition.name} changes x, which it may only read: use a variable"
    if isinstance(error, IndexError):
        return (
            f"{place}: {definition.name} reaches beyond its {definition.dim} coordinates: {error}; "
            "start, minimum and dim must fit the function"
        )
    return f"{place}: {definition.name} raises {type(error).__name__}: {error}"
