"""What a map holds."""

from __future__ import annotations

from dataclasses import dataclass

from optbench.maps.axes import Axis
from optbench.maps.computing import Outcomes


@dataclass(frozen=True, eq=False, repr=False)
class Mapped:
    """How lanes of an optimizer on a problem end, a lane a pixel; rows rise with y.

    Attributes
    ----------
    optimizer, problem : str
    x, y : Axis
    outcomes : Outcomes
    size, steps : int
    dtype : str
    target_text : str
        What counts as convergence.
    value_text : str
        What `outcomes.value` is.
    start_value : float
        The largest such value that a lane starts with.
    f_ref : float
        What gaps are measured from; NaN of nets, whose values are training losses, and where it is
        unknown: there it is the least value of the map.
    seconds : float
        That the lanes took, compiling included.
    """

    optimizer: str
    problem: str
    x: Axis
    y: Axis
    outcomes: Outcomes
    size: int
    steps: int
    dtype: str
    target_text: str
    value_text: str
    start_value: float
    f_ref: float
    seconds: float
