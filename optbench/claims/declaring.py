"""What a claim is, and the decorator that declares one."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from optbench import gate
from optbench.define.names import arguments, checked_name, place_of
from optbench.errors import DefinitionError

Kind = Literal["theorem", "experiment"]
Expects = Literal["better", "equal"]
Better = Literal["less", "more"]
Scale = Literal["ratio", "difference"]
Statistic = Literal["median", "mean"]

EXACT = 1e-9
"""How far a theorem may be missed: rounding, and nothing else."""
PAIRS = 10
"""The least pairs of lanes of a study seed."""
ARGUMENTS = {"theorem": ("setting",), "experiment": ("arm", "setting", "draw")}
"""What the functions of claims take, in this order; names are free."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Claim:
    """A claim, how it is tested, and by what rule it is judged; see `claim`."""

    name: str
    place: str
    function: Callable[..., Any]
    question: str
    says: str
    source: str
    kind: Kind
    settings: dict[str, Any]
    factor: str
    treatment: str
    control: str
    measure: str
    better: Better
    scale: Scale
    statistic: Statistic
    expects: Expects
    margin: float
    pairs: int
    known: str
    errs: str

    @property
    def family(self) -> str:
        """The name of the file that it stands in."""
        return self.place.rpartition(":")[0].rpartition("/")[2].removesuffix(".py")


def claim(
    *,
    question: str,
    says: str,
    source: str,
    settings: Mapping[str, Any] | Sequence[str],
    kind: Kind = "experiment",
    factor: str = "the setting",
    treatment: str = "",
    control: str = "",
    measure: str,
    better: Better = "less",
    scale: Scale = "ratio",
    statistic: Statistic = "median",
    expects: Expects = "better",
    margin: float | None = None,
    pairs: int = PAIRS,
    known: str = "",
    errs: str = "",
) -> Callable[[Callable[..., Any]], Claim]:
    """Declare a claim; the function below is its experiment.

    Of a theorem it is ``f(setting) -> float``: by how much what was measured misses what is said.
    Of an experiment it is ``f(arm, setting, draw)``, called for the treatment, the control and,
    with lanes of its own, for the null; it returns the measure of each lane of ``draw.scoring``, an
    array [pairs] or `experiment.Scores`.

    Parameters
    ----------
    question : str
        What a student would ask.
    says : str
        The claim in one sentence of one's own.
    source : str
        Title and section of the lecture, separated by a comma.
    settings : dict of str to anything, or sequence of str
        {name: value}: data sets, nets or surfaces, of an experiment at least two; the function is
        given the value. If they are values of a factor, in its order.
    kind : {"experiment", "theorem"}
    factor : str
        What settings differ in, as in "depends on the depth".
    treatment, control : str
        The two arms.
    measure : str
        What the function returns, with its unit, as in "validation loss".
    better : {"less", "more"}
        Which measure speaks for the treatment.
    scale : {"ratio", "difference"}
        Of the effect: ln of the ratio of two positive measures, or their difference.
    statistic : {"median", "mean"}
        Over pairs; the mean for shares (measures that are 0 or 1).
    expects : {"better", "equal"}
        Whether the treatment should be better by more than the margin, or differ by less than it.
    margin : float
        On the scale of the effect; of a ratio the factor, so 1.05 is 5 %. By default the least: 1
        of a ratio, 0 of a difference; of a theorem `EXACT`.
    pairs : int
        Pairs of lanes in each study seed.
    known : str
        Why it must be true, where there is a proof; the suite says whether it saw it.
    errs : str
        Where the lectures err or contradict themselves: what they say, and what is so, in a
        sentence. The docstring of the function says how the experiment goes.

    Raises
    ------
    DefinitionError
        If something is missing or wrong; it names the file and the line.
    """

    def declared(function: Callable[..., Any]) -> Claim:
        place = place_of(function)
        named = dict(settings) if isinstance(settings, Mapping) else {s: s for s in settings}
        one = Claim(
            name=checked_name(place, function.__name__), place=place, function=function,
            question=question, says=says, source=source, kind=kind, settings=named, factor=factor,
            treatment=treatment, control=control, measure=measure, better=better, scale=scale,
            statistic=statistic, expects=expects,
            margin=_margin(place, kind, scale, expects, margin),
            pairs=pairs, known=known, errs=errs,
        )  # fmt: skip
        if wrong := _words(one) or _choices(one) or _experiment(one):
            raise DefinitionError(f"{place}: claim {one.name}: {wrong}")
        return one

    return declared


def _margin(place: str, kind: Kind, scale: Scale, expects: Expects, margin: float | None) -> float:
    """Return the margin on the scale of effects, where it is added and compared."""
    least = EXACT if kind == "theorem" else 1.0 if scale == "ratio" else 0.0
    value = least if margin is None else gate.real(f"{place}: margin", margin, DefinitionError)
    low = least if kind == "experiment" else 0.0
    if value < low or (expects == "equal" and value <= low):
        more = "more than " if expects == "equal" else "at least "
        raise DefinitionError(
            f"{place}: margin is {value:g}; it must be {more}{low:g} "
            + ("(a factor: 1.05 is 5 %)" if scale == "ratio" else "")
        )
    return math.log(value) if kind == "experiment" and scale == "ratio" else value


def _words(one: Claim) -> str | None:
    """Return what is wrong with the words of a claim."""
    if not one.question.endswith("?"):
        return f"question is {one.question!r}; ask something that ends with a question mark"
    if not one.says.endswith(".") or one.says.count(". "):
        return f"says is {one.says!r}; put it in one sentence that ends with a full stop"
    if ", " not in one.source:
        return f"source is {one.source!r}; give title and section, separated by a comma"
    if not one.measure:
        return "measure is empty; name what the function returns"
    return None


def _choices(one: Claim) -> str | None:
    """Return what is wrong with the choices among words."""
    for name, choices in (
        ("kind", Kind), ("better", Better), ("scale", Scale), ("statistic", Statistic),
        ("expects", Expects),
    ):  # fmt: skip
        value = getattr(one, name)
        if value not in get_args(choices):
            return f"{name} is {value!r}; choose from {', '.join(get_args(choices))}"
    return None


def _experiment(one: Claim) -> str | None:
    """Return what is wrong with arms, settings and function."""
    wanted = ARGUMENTS[one.kind]
    if len(arguments(one.function)) != len(wanted):
        return f"the function of a {one.kind} takes ({', '.join(wanted)})"
    if not one.settings:
        return "settings are empty; name at least one"
    if one.kind == "theorem":
        return None
    if len(one.settings) < 2:
        return "an experiment is shown in at least two settings: data sets, nets or surfaces"
    if not one.treatment or not one.control or one.treatment == one.control:
        return "treatment and control must be named, and differ"
    if isinstance(one.pairs, bool) or not isinstance(one.pairs, int) or one.pairs < PAIRS:
        return f"pairs is {one.pairs!r}; give a whole number of at least {PAIRS}"
    return None
