"""A guest: an optimizer of torch or optax as a `Rule`, which has a target in place of functions."""

import functools
import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optbench.define import plugins
from optbench.define.definitions import Rule
from optbench.define.ranges import Allowed, Flag, Range
from optbench.errors import SettingError
from optbench.gate import shown
from optbench.rules.guests.arguments import (
    Argument,
    arguments_of,
    by_place,
    ranges_of,
    search_in,
)
from optbench.rules.guests.finding import (
    Found,
    Library,
    find,
    import_library,
    library_of,
    library_of_object,
)

STEP_SECONDS = {"torch": 4e-5, "optax": 5e-6}
"""About what a step of a lane takes: of torch a lane at a time, of optax a share of a block's."""


@dataclass(eq=False, kw_only=True)
class GuestRule(Rule):
    """A class or a factory of another library, run as it is.

    Attributes
    ----------
    library : {"torch", "optax"}
    target : callable
        The class of torch, called with parameters and settings, or optax's factory.
    arguments : tuple of Argument
    by_place : dict of str to object
        Arguments of the target that have a place and no name, with their defaults.
    by_name : bool
        Whether another process finds it by its name.
    code : str
        Hash of the files that it was read from, as they were then.
    """

    library: Library
    target: Callable[..., Any]
    arguments: tuple[Argument, ...] = field(repr=False)
    by_place: Mapping[str, Any] = field(repr=False)
    by_name: bool
    code: str = field(repr=False)

    @property
    def step_seconds(self) -> float:
        """About what a step of a lane takes, of Python's time."""
        return STEP_SECONDS[self.library]

    @functools.cached_property
    def file(self) -> str | None:
        """The file that the target is written in, None where there is none."""
        return _file_of(self.target)

    @functools.cached_property
    def identity(self) -> str:
        """Hash of what determines its steps: library and version, target, and its files."""
        versions = [(name, _version(name)) for name in _PACKAGES[self.library]]
        own = _function_of(self.target)
        facts = (self.library, own.__module__, own.__qualname__, self.code)
        settings = [(a.name, a.settings, repr(a.defaults)) for a in self.arguments]
        return hashlib.sha256(repr((facts, versions, settings)).encode()).hexdigest()

    def ranges(self, settings: Mapping[str, Any]) -> dict[str, Allowed]:
        """Return what its settings may be, searched where they are given as ``low:high``."""
        ranges: dict[str, Allowed] = dict(self.hyper)
        for name, value in settings.items():
            allowed = ranges.get(name)
            if not isinstance(value, str) or isinstance(allowed, Flag) or allowed is None:
                continue
            assert isinstance(allowed, Range)
            search = search_in(self.name, name, value)
            default = allowed.default if allowed.default == allowed.default else search.low
            ranges[name] = Range(default, search=search)
        return ranges

    def plain(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings with a number for each switch that a `Flag` does not stand for."""
        switches = {a.settings[0] for a in self.arguments if a.switch} - self._flags
        return {
            name: float(value) if name in switches and isinstance(value, bool) else value
            for name, value in settings.items()
        }

    @functools.cached_property
    def _flags(self) -> set[str]:
        return {name for name, allowed in self.hyper.items() if isinstance(allowed, Flag)}

    def missing(self, settings: Mapping[str, Any]) -> str | None:
        """Return a setting without a default that is not given, None if all are."""
        needed = (a.settings[0] for a in self.arguments if a.required)
        return next((name for name in needed if name not in settings), None)

    def set_arguments(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of the target that are set, for values of all settings."""
        own = {argument.name: argument.value(values) for argument in self.arguments}
        return {name: value for name, value in own.items() if value is not None}

    def made(self, values: Mapping[str, Any], *parameters: Any) -> Any:
        """Return what the target makes of parameters (torch's) and values of all settings."""
        own = self.set_arguments(values)
        places = [own.pop(name, default) for name, default in self.by_place.items()]
        return self.target(*parameters, *places, **own)


_PACKAGES = {"torch": ("torch",), "optax": ("optax", "jax", "jaxlib")}


def _function_of(target: Any) -> Any:
    """Return the class or function behind a partial."""
    while isinstance(target, functools.partial):
        target = target.func
    return target


def _file_of(target: Any) -> str | None:
    """Return the file that a target is written in, None where there is none."""
    try:
        return inspect.getsourcefile(inspect.unwrap(_function_of(target)))
    except (TypeError, OSError):  # of no file: built in, or a class of a notebook
        return None


def _code(target: Any) -> str:
    """Return the hash of what a target is written in: its file, of a notebook its own lines."""
    file = _file_of(target)
    try:
        if file is not None and Path(file).is_file():
            return hashlib.sha256(Path(file).read_bytes()).hexdigest()
        text = inspect.getsource(inspect.unwrap(_function_of(target)))
    except (TypeError, OSError):
        return ""
    return hashlib.sha256(text.encode()).hexdigest()


def is_guest(spec: object) -> bool:
    """Say whether an optimizer is a guest: by its name, or as a class or a factory."""
    if isinstance(spec, str):
        return library_of(spec) is not None
    return not isinstance(spec, Rule) and library_of_object(spec) is not None


def guest(spec: str | Callable[..., Any], folders: plugins.Folders = ()) -> GuestRule:
    """Return the rule of a name without settings, or of a class or factory.

    Raises
    ------
    UserError
        If it cannot be found, imported, or is no optimizer.
    """
    if isinstance(spec, str):
        name = spec.strip()
        found = find(name, (*plugins.paths(folders), Path.cwd()))
        if not isinstance(found.target, Hashable):  # it is refused, or made anew each time
            return _named.__wrapped__(name, found)
        return _named(name, found)
    library = library_of_object(spec)
    assert library is not None
    import_library(library, shown(spec))
    own = _function_of(spec)
    return _of(f"{library}:{own.__module__}.{own.__qualname__}", library, spec, by_name=False)


@functools.lru_cache(maxsize=256)
def _named(name: str, found: Found) -> GuestRule:
    """Return the rule of a name: the same one as long as its files are the same."""
    library = library_of(name)
    assert library is not None
    return _of(name, library, found.target, found.code, by_name=True)


def _of(name: str, library: Library, target: Any, code: str = "", *, by_name: bool) -> GuestRule:
    """Return the rule of a target, if that is an optimizer."""
    if library == "torch":
        _check_torch(name, target)
    elif not callable(target) or inspect.isclass(target):
        raise SettingError(
            f"{name}: is {shown(target)}; expected a factory of optax, a function that takes "
            "learning_rate and returns a GradientTransformation"
        )
    arguments = arguments_of(name, target, library)
    own = _function_of(target)
    return GuestRule(
        name=name, state={}, lane_state={}, hyper=ranges_of(arguments), evaluations=1,
        source=f"{own.__module__}.{own.__qualname__}, {library} {_version(library)}", iterate=None,
        layerwise=False, place=_place(own), library=library, target=target, arguments=arguments,
        by_place=by_place(name, target, library), by_name=by_name,
        code=code or _code(target),
    )  # fmt: skip


def _version(package: str) -> str:
    """Return the version of a package that is imported."""
    return str(importlib.import_module(package).__version__)


def _place(own: Any) -> str:
    """Return the file and line that a class or function begins at."""
    try:
        return f"{inspect.getsourcefile(own)}:{inspect.getsourcelines(own)[1]}"
    except (TypeError, OSError):
        return f"{own.__module__}.{own.__qualname__}"


def _check_torch(name: str, target: Any) -> None:
    """Refuse what is no optimizer of torch, and what needs a closure."""
    optimizer = sys.modules["torch"].optim.Optimizer
    if inspect.isclass(target):
        if not issubclass(target, optimizer) or target is optimizer:
            raise SettingError(
                f"{name}: {target.__module__}.{target.__qualname__} is no optimizer; expected a "
                "subclass of torch.optim.Optimizer"
            )
        step: Any = getattr(target, "step")  # noqa: B009 - torch has no types here
        if step is optimizer.step:
            raise SettingError(f"{name}: defines no step(self, closure=None) ({_place(target)})")
        closure = list(inspect.signature(step).parameters.values())[1:2]
        if closure and closure[0].default is inspect.Parameter.empty:
            raise SettingError(
                f"{name}: its step needs a closure, which evaluates as often as it likes; here "
                "every optimizer pays for its gradients, one a step. Of such methods there are "
                "the baselines scipy_lbfgsb and scipy_bfgs"
            )
    elif not callable(target):
        raise SettingError(
            f"{name}: is {shown(target)}; expected a subclass of torch.optim.Optimizer, or a "
            "function of parameters that returns one"
        )
