"""What to run: a study, read from TOML and checked."""

import contextlib
import os
import tomllib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, PrivateAttr, model_validator

from optbench import gate
from optbench.errors import UnknownNameError, UserError
from optbench.study.entries import Name, OptimizerText, ProblemField, safe_name
from optbench.study.fields import (
    FIELD,
    Boolean,
    Count,
    Dtype,
    Factor,
    NonEmpty,
    Share,
    Strict,
    StudyError,
    Text,
    Whole,
    distinct,
)
from optbench.study.grid import Grid, Rates
from optbench.study.objective import EVALUATIONS, OBJECTIVES
from optbench.study.trials import RATE, Space, checked_space

FOLDER = Path(__file__).parent / "builtin"
Instances = Annotated[tuple[Count, ...], AfterValidator(distinct), NonEmpty]


def _objective(value: object) -> str:
    if value not in OBJECTIVES:
        words = ", ".join(map(repr, OBJECTIVES))
        raise ValueError(f"{FIELD} = {gate.shown(value)} must be one of {words}")
    return str(value)


TRIALS = 31
"""Draws of a space other than "lr", unless a study says how many."""


class Study(Strict):
    """A study.

    Attributes
    ----------
    name, description : str
    optimizers : tuple of str
        Names or globs, with settings in brackets where wanted. In TOML also tables such as
        ``{ name = "adam", lr = 1e-3, schedule = "cosine", warmup = 0.1 }``.
    problems : tuple of ProblemEntry
        In TOML a name or glob, or a table with `name`, `dims` and `steps`.
    steps : int
        Budget of a lane in gradient evaluations (for data problems: of mini-batches).
    seeds : int
        Seeds 1 .. seeds of every instance: several tell the variance between seeds from that
        between instances.
    lr : Grid
        In TOML a table with `low`, `high` and `count`, or a number: one rate.
    space : "lr", "all" or tuple of str
        What the trials of an optimizer differ in: the grid of rates, or uniform draws in the search
        ranges of all its hyperparameters, or of those with these names.
    trials : int
        Draws of a space other than "lr"; the default setting is one more.
    widen : float
        By how much the rates and every search range are widened, by its square root at each end: a
        run with ``widen = 10`` holds the trials of the ranges themselves, and what it chooses
        beyond them shows whose order hangs on where was searched.
    tuning_instances, scoring_instances : tuple of int
        Without one in common; by default 1 to 10 and 11 to 30, for problems with absolute
        targets 101 to 110 and 1 to 15. Instance 0 is the problem as published, which is shown by
        itself in any case.
    study_seed : int
        Changes every start, noise and batch at once.
    dtype : {"float64", "float32"}, optional
        Or NumPy's type of that name; by default float64, and float32 for nets.
    stop_at_target : bool
        End lanes at their last target, for studies of run times only.
    target : float
        Relative gap that counts as success on deterministic surfaces.
    objective : {"evaluations", "final", "anytime", "validation", "training"}
        What trials are judged by: see `objective.basis_of`.
    """

    name: Name
    description: Text = ""
    optimizers: Annotated[tuple[OptimizerText, ...], NonEmpty]
    problems: Annotated[tuple[ProblemField, ...], NonEmpty]
    steps: Count = 1000
    seeds: Count = 1
    lr: Rates = Grid()
    space: Annotated[Space, BeforeValidator(checked_space)] = "lr"
    trials: Count = TRIALS
    widen: Factor = 1.0
    tuning_instances: Instances | None = None
    scoring_instances: Instances | None = None
    study_seed: Whole = 0
    dtype: Dtype = None
    stop_at_target: Boolean = False
    target: Share = 1e-6
    objective: Annotated[str, BeforeValidator(_objective)] = EVALUATIONS

    _files: dict[str, str] = PrivateAttr({})
    """The file that a field was read from."""
    _narrowed_from: dict[str, list[str]] = PrivateAttr({})
    """See `narrowed_from`."""

    def __eq__(self, other: object) -> bool:
        """Compare what studies are, not where they are written."""
        return isinstance(other, Study) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        return hash(self.name)

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        check_apart(self.tuning_instances or (), self.scoring_instances or ())
        if self.space == RATE and self.trials != TRIALS:
            raise ValueError(
                f'trials = {self.trials} are draws of a space, and space = "{RATE}" draws none: '
                'its trials are the rates of the grid, so set lr.count, or space = "all"'
            )
        for end in ("low", "high"):
            dtype = self.dtype or "float64"
            gate.check_fits(f"field lr.{end}: lr", getattr(self.grid, end), dtype, ValueError)
        return self

    @property
    def grid(self) -> Grid:
        """The grid of rates, widened by `widen`."""
        return self.lr.widened(self.widen)

    @property
    def narrowed_from(self) -> dict[str, list[str]]:
        """Which optimizers and problems there were to choose from, in order, before filters.

        "optimizers", "problems" -> labels and names; without what was not filtered.
        """
        return self._narrowed_from

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> Self:
        """Read a study.

        Its name is that of the file, made safe, if it has none.

        Raises
        ------
        StudyError
            If the file cannot be read, is not TOML, or a field is unknown, missing or of the
            wrong type; the message names the file, the field and what was expected.
        """
        path = Path(path)
        values = _read_toml(path)
        values.setdefault("name", safe_name(path.stem))
        try:
            study = cls(**values)
        except StudyError as error:
            raise StudyError(f"{path}: {error}") from None
        study._files = dict.fromkeys(values, str(path))
        return study

    def changed(self, **fields: Any) -> Self:
        """Return a copy with other fields, checked."""
        study = type(self)(**{**self.model_dump(exclude_unset=True), **fields})
        study._files = {name: path for name, path in self._files.items() if name not in fields}
        study._narrowed_from = self._narrowed_from
        return study

    def narrowed(self, field: str, kept: Sequence[Any], names: Sequence[str]) -> Self:
        """Return a copy that keeps some of its optimizers or problems.

        Parameters
        ----------
        field : {"optimizers", "problems"}
        kept : sequence
            Entries of the field.
        names : sequence of str
            What there was to choose from; see `narrowed_from`.
        """
        study = self.changed(**{field: kept})
        study._narrowed_from = {**self._narrowed_from, field: list(names)}
        return study

    @contextlib.contextmanager
    def locating(self, field: str, number: int) -> Iterator[None]:
        """Put file and field before the message of a `UserError` that an entry causes.

        Parameters
        ----------
        field : {"optimizers", "problems"}
        number : int
            Of the entry, from 0.
        """
        try:
            yield
        except UserError as error:
            if field in self._files:
                error.args = (f"{self._files[field]}: field {field}.{number}: {error}",)
            raise


def check_apart(tuning: Collection[int], scoring: Collection[int]) -> None:
    """Refuse instances that would be tuned on and scored on.

    Raises
    ------
    ValueError
    """
    shared = sorted({*tuning} & {*scoring})
    if shared:
        raise ValueError(
            f"tuning_instances {list(tuning)} and scoring_instances {list(scoring)} share "
            f"{', '.join(map(str, shared))}: what tunes must not score"
        )


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise StudyError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # of numbers with thousands of digits, too
        raise StudyError(f"{path}: is not valid TOML: {error}") from None
    except RecursionError:
        raise StudyError(f"{path}: is no study: values are nested too deeply") from None


def builtin_studies() -> dict[str, Path]:
    """Return the built-in studies: name -> path of the TOML file."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def read_study(name: str | os.PathLike[str]) -> Study:
    """Read the built-in study called `name`, or the TOML file of that path (it ends in .toml).

    Raises
    ------
    UnknownNameError
        If there is no such built-in study.
    StudyError
        If the file is malformed; see `Study.from_toml`.
    """
    if not isinstance(name, (str, os.PathLike)):
        raise StudyError(
            f"a study is the name of a built-in one, the path of a TOML file or a Study; "
            f"got {gate.shown(name)}"
        )
    name = str(name)
    if name.lower().endswith(".toml"):
        return Study.from_toml(name)
    files = builtin_studies()
    if name not in files:
        raise UnknownNameError("study", name, list(files))
    return Study.from_toml(files[name])
