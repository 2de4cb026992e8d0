"""Folders of a report are written aside and moved into place when they are whole.

A report that is killed leaves the last one as it was; what an earlier one drew and this one does
not is gone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from optbench.errors import ResultsError

ASIDE = ".writing-"


@contextlib.contextmanager
def folders(folder: str | Path, names: Sequence[str]) -> Iterator[Path]:
    """Give a folder with empty folders `names`; move these into `folder` when the block ends well.

    Raises
    ------
    ResultsError
        If nothing can be written there.
    """
    folder = Path(folder)
    for path in folder.glob(f"{ASIDE}*"):
        if not _is_alive(path.name.removeprefix(ASIDE)):  # of a report that was killed
            shutil.rmtree(path, ignore_errors=True)
    staging = folder / f"{ASIDE}{os.getpid()}"
    try:
        for name in names:
            (staging / name).mkdir(parents=True)
        yield staging
        for name in names:
            _replace(staging / name, folder / name, staging / f"old-{name}")
    except ResultsError:
        raise
    except OSError as error:
        raise ResultsError(
            f"{folder}: the report cannot be written there ({error.strerror or error}); make room, "
            "or copy the run to a folder that can be written"
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _is_alive(process: str) -> bool:
    """Tell whether a process, given by its number, is running."""
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError):
        return True
    return True


def _replace(new: Path, place: Path, old: Path) -> None:
    """Move `new` to `place`, and what is there to `old`."""
    if place.exists():
        os.rename(place, old)
    os.rename(new, place)
