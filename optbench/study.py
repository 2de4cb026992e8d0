"""What to run: a study is read from TOML, checked, and expanded into (optimizer, problem) pairs."""

import difflib
import math
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from optbench.errors import UnknownNameError, UserError

FOLDER = Path(__file__).parent / "studies"
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class StudyError(UserError, ValueError):
    """A study is malformed; the message names the file, the field and what was expected."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Grid(_Strict):
    """A log-spaced grid of learning rates, both ends included."""

    low: Positive = 1e-5
    high: Positive = 10.0
    count: Count = 25

    @model_validator(mode="after")
    def _ordered(self):
        if self.high < self.low or (self.count > 1) != (self.high > self.low):
            raise ValueError(
                "a grid needs low < high, and low = high exactly when count is 1; "
                f"got {self.low:g}:{self.high:g}:{self.count}"
            )
        return self

    @classmethod
    def parse(cls, text):
        """Read ``LOW:HIGH:COUNT``, or one rate."""
        parts = text.split(":")
        try:
            if len(parts) == 1:
                return cls(low=float(text), high=float(text), count=1)
            low, high, count = parts
            return cls(low=float(low), high=float(high), count=int(count))
        except ValidationError as error:
            raise StudyError(f"--lr {text}: {_reasons(error)}") from None
        except ValueError:
            raise StudyError(
                f"--lr {text}: expected LOW:HIGH:COUNT, such as 1e-5:10:25, or one rate"
            ) from None

    def rates(self):
        """Return the rates, ascending."""
        if self.count == 1:
            return np.array([self.low])
        return np.geomspace(self.low, self.high, self.count)

    def decade(self, side, beyond):
        """Return the rates of one more decade beyond the rate `beyond`, ascending.

        The spacing is the grid's own; `side` is -1 (smaller rates) or +1 (larger ones).
        """
        ratio = 10.0 if self.count == 1 else (self.high / self.low) ** (1 / (self.count - 1))
        steps = max(1, round(math.log(10) / math.log(ratio)))
        more = beyond * ratio ** (side * np.arange(1, steps + 1))
        return np.sort(more)


class ProblemEntry(_Strict):
    """A problem of a study: its name and, where wanted, dimensions and a budget of its own."""

    name: str
    dims: tuple[Count, ...] = ()
    steps: Count | None = None


def _as_table(problem):
    return {"name": problem} if isinstance(problem, str) else problem


def _as_text(optimizer):
    """Write a table of settings as text: ``{name = "adam", lr = 0.1}`` is ``adam[lr=0.1]``."""
    if not isinstance(optimizer, dict) or not isinstance(optimizer.get("name"), str):
        return optimizer
    settings = {name: value for name, value in optimizer.items() if name != "name"}
    inside = ",".join(f"{name}={_written(value)}" for name, value in settings.items())
    return f"{optimizer['name']}[{inside}]" if inside else optimizer["name"]


def _written(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


class Study(_Strict):
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
        Seeds 0 .. seeds - 1 of every instance.
    lr : Grid
    tuning_instances, scoring_instances : tuple of int
    study_seed : int
        Changes every start, noise and batch at once.
    dtype : {"float64", "float32"}
    stop_at_target : bool
        End lanes at their last target, for studies of run times only.
    target : float
        Relative gap that counts as success on deterministic surfaces.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    description: str = ""
    optimizers: Annotated[tuple[str, ...], Field(min_length=1)]
    problems: Annotated[tuple[ProblemEntry, ...], Field(min_length=1)]
    steps: Count = 1000
    seeds: Count = 5
    lr: Grid = Grid()
    tuning_instances: Annotated[tuple[Count, ...], Field(min_length=1)] = (1, 2)
    scoring_instances: Annotated[tuple[Count, ...], Field(min_length=1)] = (3, 4, 5, 6)
    study_seed: Annotated[int, Field(ge=0)] = 0
    dtype: Literal["float64", "float32"] = "float64"
    stop_at_target: bool = False
    target: Annotated[float, Field(gt=0, lt=1)] = 1e-6

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, values):
        values = dict(values) if isinstance(values, dict) else values
        for field, write in (("problems", _as_table), ("optimizers", _as_text)):
            if isinstance(values, dict) and isinstance(values.get(field), (list, tuple)):
                values[field] = [write(entry) for entry in values[field]]
        return values

    @classmethod
    def from_toml(cls, path):
        """Read a study.

        Raises
        ------
        StudyError
            If the file cannot be read, is not TOML, or a field is unknown, missing or of the
            wrong type; the message names the file, the field and what was expected.
        """
        path = Path(path)
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise StudyError(f"{path}: cannot be read: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise StudyError(f"{path}: is not valid TOML: {error}") from None
        values.setdefault("name", path.stem)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise StudyError(f"{path}: {_reasons(error)}") from None

    def changed(self, **fields):
        """Return a copy with other fields, checked."""
        try:
            return type(self).model_validate({**self.model_dump(), **fields})
        except ValidationError as error:
            raise StudyError(_reasons(error)) from None


def _reasons(error):
    """Put pydantic's findings into one line each: field, what is wrong, what was given."""
    lines = []
    for found in error.errors():
        field = ".".join(map(str, found["loc"])) or "grid"
        if found["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(found["loc"][-1]), Study.model_fields, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            lines.append(f"field {field} is unknown{hint}")
        elif found["type"] == "missing":
            lines.append(f"field {field} is missing")
        else:
            message = found["msg"].removeprefix("Value error, ")
            lines.append(f"field {field}: {message} (got {found['input']!r})")
    return "; ".join(lines)


def studies():
    """Return the built-in studies: name -> path of the TOML file."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def load(name):
    """Return the study called `name`, or read it from a path that ends in .toml."""
    if str(name).endswith(".toml"):
        return Study.from_toml(name)
    if name not in studies():
        raise UnknownNameError("study", name, list(studies()))
    return Study.from_toml(studies()[name])
