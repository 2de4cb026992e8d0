"""Whether the data of an instance can be held, and counted, in the dtype of lanes."""

import numpy as np
from numpy.typing import DTypeLike

from optbench.catalog.instance import Problem
from optbench.catalog.net import NetInstance
from optbench.errors import SettingError


def check_range(problem: Problem, dtype: DTypeLike) -> None:
    """Refuse data of which a column overflows or vanishes in a dtype, or which are too many.

    Raises
    ------
    SettingError
        The message names the column.
    """
    if problem.definition.data is None or np.dtype(dtype) == np.float64:
        return
    from optbench.nets import data, shuffling

    p, q = problem.placement.p, problem.placement.q
    examples, features = int(q[:3].sum()), int(q[3])
    if isinstance(problem, NetInstance):
        answer_width, most = problem.net.net.answer_width, shuffling.most_examples(dtype)
        if q[0] > most:
            raise SettingError(
                f"{problem.name}: {np.dtype(dtype)} numbers up to {most:,} training examples; "
                f"there are {q[0]:,}: use float64"
            )
    else:
        answer_width = len(p) // examples - features
    data.check_packed(p, q, answer_width, dtype, problem.definition.data)
