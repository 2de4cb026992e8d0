"""What tells one problem's results from another's: the hash of all that determines its numbers."""

import functools

import numpy as np

from optbench.errors import DefinitionError
from optbench.kernels import fingerprint


def of_problem(problem):
    """Return the hash of everything that determines a problem's numbers, seeds apart.

    Functions count with the helpers and constants that they refer to, as they are in this process;
    comments and the place in the file do not count.
    """
    frame, found = problem.frame, problem.definition
    if problem.net is None:
        functions = found.function, found.metrics_function, found.solver_function
        facts = (
            problem.start, problem.box, problem.minimum, problem.f_min, found.data, found.batch,
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

            facts += pretraining.identity(problem)
    names = (problem.name, problem.family, problem.dim, problem.instance, problem.kind)
    constants = (frame.p, frame.q, frame.shift, frame.centre, frame.rotation)
    return contents(found, functions, names, facts, constants)


@functools.cache
def _content(function):
    return fingerprint.content(function)


def _plain(value):
    """Return a value with all its numbers as floats: 1, 1.0 and np.int64(1) are one number."""
    if isinstance(value, (tuple, list)):
        return tuple(map(_plain, value))
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, float, np.number)):
        return float(value)
    return str(value) if isinstance(value, str) else value


def contents(definition, functions, *values):
    """Return the hash of functions (None stands for none) and values of a definition.

    Raises
    ------
    DefinitionError
        If a function uses something that no hash is known of.
    """
    try:
        return fingerprint.content([_content(f) for f in functions], *map(_plain, values))
    except fingerprint.UnknownValueError as error:
        raise DefinitionError(
            f"{definition.place}: {definition.name} uses {error}, whose content is not known: "
            "results could not be told from those with another content. Use numbers, tuples, "
            "arrays and functions"
        ) from error
