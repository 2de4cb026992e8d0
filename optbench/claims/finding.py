"""Finding claims: in the folder `claims/` beside the problems, and in folders of the user's own."""

import fnmatch
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from optbench.claims.declaring import Claim
from optbench.define import plugins
from optbench.define.folder_states import state_of
from optbench.define.registry import CATALOG
from optbench.define.shipped import shipped_folder
from optbench.errors import DefinitionError, UserError
from optbench.study.numeric_code import numeric_code

PACKAGE, FOLDER = "optbench_claims", "claims"
_HERE = Path(__file__).parent
_NUMERIC = (
    "declaring.py", "draws.py", "experiment.py", "measuring.py", "nets.py", "theorems.py",
    "verdict.py",
)  # fmt: skip
"""The files of this room that decide a verdict."""


def claims_folder() -> Path:
    """Return the folder of the claims that come with the package."""
    return shipped_folder(PACKAGE, FOLDER, "the claims")


def claims(folders: plugins.Folders = ()) -> dict[str, Claim]:
    """Return all claims by name, a file after the other, those in the user's folders last.

    Raises
    ------
    DefinitionError
        If a file cannot be imported, a claim is declared wrongly, or a name is there twice.
    UserError
        If a folder is not there.
    """
    by_name: dict[str, Claim] = {}
    shipped = claims_folder().resolve()
    for folder in dict.fromkeys((shipped, *map(Path.resolve, plugins.paths(folders)))):
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder of claims; name one with files of claims")
        state = "" if folder == shipped else state_of(folder)
        for path in plugins.files(folder):
            for one in vars(plugins.import_file(path, state)).values():
                if isinstance(one, Claim) and by_name.setdefault(one.name, one) is not one:
                    raise DefinitionError(
                        f"{one.place}: the claim {one.name} is declared a second time; first at "
                        f"{by_name[one.name].place}. Rename one of them"
                    )
    return by_name


def selected(all_claims: Iterable[Claim], patterns: Sequence[str]) -> list[Claim]:
    """Return the claims that match a pattern, all if there is none.

    A pattern matches a claim whose name or family contains it; one with * or ?, if it matches the
    whole name or family.

    Raises
    ------
    UserError
        If a pattern matches nothing.
    """
    every = list(all_claims)
    if not patterns:
        return every
    for pattern in patterns:
        if not any(_matches(one, pattern) for one in every):
            families = ", ".join(dict.fromkeys(one.family for one in every))
            raise UserError(
                f"no claim matches {pattern!r}: give a part of a name, or a family ({families}); "
                "`optbench list claims` has the names"
            )
    return [one for one in every if any(_matches(one, pattern) for pattern in patterns)]


def _matches(one: Claim, pattern: str) -> bool:
    if set(pattern) & set("*?"):
        return any(fnmatch.fnmatchcase(name, pattern) for name in (one.name, one.family))
    return pattern in one.name or pattern in one.family


def identity(one: Claim, seed: int) -> str:
    """Return the hash of all that a claim's result follows from: code, versions, seed.

    Of the claim's own file and the helpers beside it all text counts.
    """
    path = Path(one.place.rpartition(":")[0])
    digest = hashlib.sha256(f"{numeric_code()} {one.name} {seed}".encode())
    problems = sorted(shipped_folder(*CATALOG).glob("*.py"))
    own = [path, *sorted(path.parent.glob("_*.py"))]
    for file in (*own, *(_HERE / name for name in _NUMERIC), *problems):
        digest.update(file.read_bytes())
    return digest.hexdigest()
