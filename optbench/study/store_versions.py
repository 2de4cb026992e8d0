"""What becomes of results files that other versions of optbench wrote.

Formats 0 and 1 had a cell for each instance, and chose rates by other rules: nothing that tables
say now can be read off them. Format 2 had each array compressed by itself. No release wrote either
of the last two. Such a file is kept, whole and by another name, where its study is run again.
"""

import sqlite3
from pathlib import Path

from optbench.errors import ResultsError
from optbench.study.store_schema import SCHEMA, VERSION


def version_of(connection: sqlite3.Connection, path: Path) -> int | None:
    """Return the format of a file, None if it is empty.

    Raises
    ------
    ResultsError
        If it is of a later version, or not a results file.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if version > VERSION:
        raise ResultsError(
            f"{path}: was written by a later version of optbench (format {version}, this one reads "
            f"format {VERSION}); install that version"
        )
    if not tables:
        return None
    if "manifest" not in tables or "cells" not in tables:
        raise ResultsError(f"{path}: is a database, but not a results file of optbench")
    return version


def earlier(path: Path, version: int) -> str:
    """Return the message about a file of an earlier version."""
    return (
        f"{path}: was computed by an earlier version of optbench (format {version}, this one reads "
        f"format {VERSION}): run the study again, into the same folder if you like, which keeps "
        "this file by another name; or report it with that version"
    )


def create_tables(connection: sqlite3.Connection) -> None:
    """Make the tables of a new file, in one transaction."""
    connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")


def put_aside(path: Path, version: int) -> Path:
    """Rename a closed file of an earlier version; return its new path, which nothing had."""
    return renamed(path, f"format-{version}")


def renamed(path: Path, word: str) -> Path:
    """Rename a closed file, its journal too, to a name with a word in it that nothing had.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    counted = ["", *(f"-{n}" for n in range(2, 1000))]
    names = (f"{path.stem}.{word}{n}{path.suffix}" for n in counted)
    aside = next(p for p in map(path.with_name, names) if not p.exists())
    for journal in ("-wal", "-shm"):
        beside = path.with_name(path.name + journal)
        if beside.exists():
            beside.replace(aside.with_name(aside.name + journal))
    return path.rename(aside)
