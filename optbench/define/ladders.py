"""Declaring ladders: one problem at several levels of one difficulty.

Level 1 is the easiest. The levels of a ladder share the function that is compiled, so that they
cost one compilation: what differs lies in their constants, starts or settings.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

from optbench.define.definitions import (
    DECLARATIONS,
    NetDefinition,
    ProblemDefinition,
    register,
)
from optbench.define.names import checked_name, place_of
from optbench.errors import DefinitionError, UserError
from optbench.gate import real, whole

Rung: TypeAlias = ProblemDefinition | NetDefinition
PREFIX = "ladder_"
LEVEL = "level"
"""The setting, in brackets behind a ladder's name, that says which of its problems is meant."""
FIELD = (
    "gd", "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "nadam", "lion",
    "schedule_free_sgd",
)  # fmt: skip
"""The rules that levels are calibrated by: ten on every problem, since gd is called sgd with noise.

Each mechanism in common use is among them: the slope alone, two kinds of velocity, scales of
coordinates by all slopes so far and by recent ones, both with velocity, decay apart, signs, and
averaged iterates. They stay these: were a new rule among them, what levels mean would change.
"""


@dataclass(eq=False)
class Ladder:
    """A difficulty and the problems that have more and more of it.

    Attributes
    ----------
    name : str
        The problem's, ``ladder_NAME``.
    quantity : str
        What the values are, for tables: "condition number".
    values : tuple of float
        By level, level 1 first.
    candidates : tuple of float
        What levels are chosen from when the ladder is calibrated.
    make : callable
        ``make(value)`` declares the problem of that much difficulty.
    place : str
        The file and line of `make`.
    """

    name: str
    quantity: str
    values: tuple[float, ...]
    candidates: tuple[float, ...]
    make: Callable[[float], Rung]
    place: str
    _rungs: dict[int, Rung] = field(default_factory=dict)

    @cached_property
    def first(self) -> Rung:
        """The problem at level 1 under the ladder's own name."""
        return self._made(1, self.name)

    @property
    def levels(self) -> range:
        """1, 2, ..."""
        return range(1, len(self.values) + 1)

    def rung(self, level: int) -> Rung:
        """Return the problem at a level, which is made once.

        Raises
        ------
        UserError
            If there is no such level.
        """
        if level not in self.levels:
            raise UserError(
                f"{self.name}: level {level} was asked; it has levels 1 to {len(self.values)}"
            )
        if level not in self._rungs:
            self._rungs[level] = self._made(level, f"{self.name}[level={level}]")
        return self._rungs[level]

    def at(self, value: float, name: str, level: int = 0) -> Rung:
        """Return the problem of any difficulty, under a name of its own."""
        token = DECLARATIONS.set(None)  # rungs are listed by their ladder alone
        try:
            rung = self.make(value)
        finally:
            DECLARATIONS.reset(token)
        return self._own(rung, name, level)

    def _made(self, level: int, name: str) -> Rung:
        return self.at(self.values[level - 1], name, level)

    def _own(self, rung: Rung, name: str, level: int) -> Rung:
        own: Rung = replace(rung, name=name, family=self.name, ladder=self, level=level)
        if isinstance(own, ProblemDefinition) and own.base is not None:
            base = self._own(own.base, name, level)  # what further perturbations are of
            assert isinstance(base, ProblemDefinition)
            own.base = base
        return own


def ladder(
    name: str, quantity: str, levels: Iterable[float], candidates: Iterable[float] = ()
) -> Callable[[Callable[[float], Rung]], Rung]:
    """Decorate ``make(value)``, which declares a problem or a net of that much difficulty.

    The result is the problem at level 1 under the ladder's own name, ``ladder_NAME``; a study that
    names it runs all levels. All of them are one family: they meet the same draws.

    Parameters
    ----------
    name : str
        Of the difficulty.
    quantity : str
        What the levels are values of.
    levels : sequence of float
        By level, level 1 first: the easiest.
    candidates : sequence of float
        What levels are chosen from when the ladder is calibrated, the easiest first.

    Raises
    ------
    DefinitionError
        If there are fewer than two levels, or two are equal.
    """

    def decorate(make: Callable[[float], Rung]) -> Rung:
        place = place_of(make)
        whose = f"{place}: {checked_name(place, PREFIX + name)}"
        values = tuple(real(f"{whose}: a level", value, DefinitionError) for value in levels)
        if len(values) < 2 or len({*values}) < len(values):
            raise DefinitionError(
                f"{whose} has levels {list(values)}: give two different values or more, the "
                "easiest first"
            )
        own = Ladder(PREFIX + name, quantity, values, tuple(candidates), make, place)
        return register(own.first)

    return decorate


def at_level(definition: Rung, level: object) -> Rung:
    """Return the problem at a level of a ladder, which `definition` stands for.

    Raises
    ------
    UserError
        If it has no levels, or not this one.
    """
    if definition.ladder is None:
        raise UserError(f"{definition.name} has no levels; level={level} was asked")
    return definition.ladder.rung(whole(f"{definition.name}: level", level))


def levels_of(definition: Rung, levels: Iterable[int] = ()) -> list[Rung]:
    """Return the problems that a study runs under a name: of a ladder those of all levels.

    Parameters
    ----------
    definition : ProblemDefinition or NetDefinition
    levels : sequence of int
        Those that are wanted; none: all.

    Raises
    ------
    UserError
        If levels are asked of what has none.
    """
    wanted = list(levels)
    own = definition.ladder
    if own is None or definition.name != own.name:
        return [at_level(definition, level) for level in wanted] or [definition]
    return [own.rung(level) for level in wanted or own.levels]
