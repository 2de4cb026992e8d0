"""Orders: all that another process, here or on another machine, needs to go on with a pair.

An order holds names, numbers and text, and the files of the user's folders by content; nothing in
it refers to the memory of the process that gives it. Who takes it looks the names up, and refuses
it where they mean something else there: see `restored`.
"""

import atexit
import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from optbench.catalog import finding
from optbench.catalog.building import make
from optbench.catalog.identity import problem_identity
from optbench.define import plugins
from optbench.define.definitions import NetDefinition
from optbench.define.folder_states import state_of
from optbench.errors import UserError
from optbench.lanes.runnable import Runnable
from optbench.lanes.solvers import Solver
from optbench.rules import compose
from optbench.rules.foreign import METHODS
from optbench.rules.guests.rule import is_guest
from optbench.rules.identity import part_hash
from optbench.study.numeric_code import numeric_code, numeric_versions
from optbench.study.pairs import Pair
from optbench.study.results import Arrays
from optbench.study.schema import Study

Device = Literal["cpu", "cuda"]


@dataclass(frozen=True)
class PluginFolder:
    """A folder of the user's by content.

    Attributes
    ----------
    path : str
        Where it is on the machine that gives the order, for messages.
    files : tuple of (str, bytes)
        Its Python files by name, helpers included.
    refused : tuple of (str, str)
        Which of them must not be imported, and why.
    """

    path: str
    files: tuple[tuple[str, bytes], ...]
    refused: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, folder: Path) -> "PluginFolder":
        """Return a folder as it is now."""
        state = state_of(folder)
        refused = [
            (path.name, message)
            for path in plugins.files(folder)
            if (message := plugins.MET.get(plugins.module_name(path, state))) is not None
        ]
        return cls(str(folder), _python_files(folder), tuple(refused))

    @functools.cached_property
    def digest(self) -> str:
        """Hash of the content."""
        return hashlib.sha256(repr(self.files).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Order:
    """Go on with a pair, from what is known of it.

    Attributes
    ----------
    study : str
        The fields that are set, as JSON.
    optimizer, problem : str
        Names with settings in brackets.
    dim : int, optional
        None of nets.
    budget : int
    dtype, device : str
    several_budgets : bool
    folders : tuple of PluginFolder
    cwd : str
        Where modules of guests are looked for, beside the folders.
    content : str
        Hash of what the names mean, of the code and of versions.
    known : dict of str to dict of str to ndarray
        Identity -> arrays of the cells that need not be computed.
    cells : int
        How many cells that are not known are to be computed, at most.
    """

    study: str
    optimizer: str
    problem: str
    dim: int | None
    budget: int
    dtype: str
    device: Device
    several_budgets: bool
    folders: tuple[PluginFolder, ...]
    cwd: str
    content: str
    known: Mapping[str, Arrays] = field(default_factory=dict)
    cells: int = 0

    @classmethod
    def of(cls, pair: Pair, study: Study, folders: tuple[PluginFolder, ...]) -> "Order":
        """Return the order to begin with a pair."""
        definition = pair.problem.definition
        return cls(
            study=json.dumps(study.model_dump(mode="json", exclude_unset=True)),
            optimizer=pair.optimizer.label, problem=definition.name,
            dim=None if isinstance(definition, NetDefinition) else pair.problem.dim,
            budget=pair.budget, dtype=pair.dtype, device=pair.device,
            several_budgets=pair.several_budgets, folders=folders, cwd=os.getcwd(),
            content=content(pair),
        )  # fmt: skip


def content(pair: Pair) -> str:
    """Return the hash of what a pair is, wherever its files lie; "" if that cannot be told."""
    try:
        what = problem_identity(pair.problem), [part_hash(part) for part in pair.optimizer.parts]
    except UserError:  # it fails with this message when it runs
        return ""
    settings = dict(pair.optimizer.values), pair.budget, pair.dtype, pair.device
    facts = repr((numeric_code(), numeric_versions(), what, settings))
    return hashlib.sha256(facts.encode()).hexdigest()


def restored(order: Order) -> tuple[Pair, Study]:
    """Return the pair and the study of an order.

    Raises
    ------
    UserError
        If the names mean something else in this process, or other code or versions are at hand.
    """
    folders = tuple(_at_hand(folder) for folder in order.folders)
    study = _study(order.study)
    pair = _pair(
        order.optimizer, order.problem, order.dim, order.budget, order.dtype, order.device,
        order.several_budgets, folders, Path(order.cwd), order.content,
    )  # fmt: skip
    return pair, study


@functools.lru_cache(maxsize=16)
def _study(text: str) -> Study:
    return Study(**json.loads(text))


@functools.lru_cache(maxsize=64)
def _pair(
    optimizer: str, problem: str, dim: int | None, budget: int, dtype: str, device: Device,
    several_budgets: bool, folders: tuple[Path, ...], cwd: Path, ordered: str,
) -> Pair:  # fmt: skip
    """Return the pair of an order: another one where `ordered`, what names mean, is another."""
    rule = _rule(optimizer, folders, cwd)
    made = make(finding.definition(problem, folders), dim)
    pair = Pair(rule, made, budget, dtype, device, several_budgets=several_budgets)
    if content(pair) != ordered:  # raised, not kept: it may be mended
        raise UserError(
            f"{pair.label}: is not what was ordered: this process has other code, versions or "
            "packages with definitions than the one that runs the study; install the same ones"
        )
    return pair


def _rule(name: str, folders: tuple[Path, ...], cwd: Path) -> Runnable:
    """Return an optimizer by its name; a guest's modules are read again where they have changed."""
    if name in METHODS:
        return Solver(name)
    return compose.optimizer(name, (*folders, cwd)) if is_guest(name) else _composed(name, folders)


@functools.lru_cache(maxsize=64)
def _composed(name: str, folders: tuple[Path, ...]) -> Runnable:
    return compose.optimizer(name, folders)


_IMPORTED: dict[str, str] = {}
"""Folder -> hash of the content that this process has imported from it."""


def _at_hand(folder: PluginFolder) -> Path:
    """Return a folder with the files of an order: the one that it is from, if that has them.

    Python keeps modules by name, so that one folder is imported with one content.
    """
    path = Path(folder.path)
    there = path.is_dir() and _python_files(path) == folder.files
    if not there or _IMPORTED.setdefault(folder.path, folder.digest) != folder.digest:
        path = _written(folder)
    state = state_of(path)
    for name, message in folder.refused:
        plugins.MET[plugins.module_name(path / name, state)] = message
    return path


@functools.cache
def _written(folder: PluginFolder) -> Path:
    """Write the files of an order to a folder that goes with this process."""
    path = Path(tempfile.mkdtemp(prefix="optbench-plugins-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    for name, text in folder.files:
        (path / name).write_bytes(text)
    return path


def _python_files(folder: Path) -> tuple[tuple[str, bytes], ...]:
    """Return name and content of the Python files of a folder."""
    return tuple((path.name, path.read_bytes()) for path in sorted(folder.glob("*.py")))


def read_folders(folders: Sequence[Path]) -> tuple[PluginFolder, ...]:
    """Return the user's folders by content."""
    return tuple(map(PluginFolder.read, folders))
