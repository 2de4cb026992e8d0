"""How a results file is opened to be read, so that nothing in or beside it changes, or written."""

import fcntl
import shutil
import sqlite3
import tempfile
from pathlib import Path

from optbench.errors import ResultsError
from optbench.study.store_schema import VERSION
from optbench.study.store_versions import create_tables, earlier, put_aside, version_of

LOCK = "run.lock"
"""The file that the writing process locks."""
DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CONSTRAINT", "SQLITE_ERROR", "SQLITE_SCHEMA")
"""Errors of SQLite that tell of a damaged file: our own statements fit what it wrote."""


def readable(path: Path) -> sqlite3.Connection:
    """Open a results file so that nothing beside or in it changes; return the connection.

    A file that is being written is read through its journal. One whose writer was killed is read
    from a copy, since to settle its journal would write.

    Raises
    ------
    ResultsError
        If the file is empty, no results file, or of another version.
    """
    path = path.resolve()
    journal = path.with_name(path.name + "-wal")
    if is_held(path.parent):
        return _current(_connect(path, "mode=ro"), path)
    if journal.exists() and journal.stat().st_size:
        with tempfile.TemporaryDirectory() as folder:
            for part in (path, journal):
                shutil.copy(part, folder)
            copy = sqlite3.connect(Path(folder) / path.name)
            try:
                return _current(_in_memory(copy), path)
            finally:
                copy.close()
    with path.open("rb") as file:
        journalled = file.read(20)[18:19] == b"\2"  # reading it would make files beside it
    return _current(_connect(path, "mode=ro" + "&immutable=1" * journalled), path)


def is_held(folder: Path) -> bool:
    """Say whether a process writes into the run in `folder` now."""
    try:
        with (folder / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def is_damage(error: sqlite3.Error) -> bool:
    """Say whether an error tells of bytes that SQLite did not write."""
    return (getattr(error, "sqlite_errorname", "") or "").startswith(DAMAGE)


def writable(path: Path) -> sqlite3.Connection:
    """Open a results file to be written, in this version's format, or make it.

    A file of an earlier format is kept by another name. Transactions are the caller's to begin;
    what is committed survives a power cut.

    Raises
    ------
    ResultsError
        If it is no results file, of a later version, or of an earlier one and cannot be renamed.
    """
    connection = _to_write(path)
    try:
        version = version_of(connection, path)  # before anything in the file changes
        if version is not None and version < VERSION:
            connection.execute("PRAGMA journal_mode=DELETE")  # all of it in one file
            connection.close()
            _keep_aside(path, version)
            connection, version = _to_write(path), None
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        if version is None:
            create_tables(connection)
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("SELECT count(*) FROM cells")  # reads all of the list of cells
    except BaseException:
        connection.close()
        raise
    return connection


def _to_write(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, check_same_thread=False, isolation_level=None)


def _keep_aside(path: Path, version: int) -> None:
    try:
        put_aside(path, version)
    except OSError as error:
        raise ResultsError(
            f"{path}: was computed by an earlier version and cannot be renamed "
            f"({error.strerror}); choose another folder with --out"
        ) from error


def _connect(path: Path, options: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?{options}", uri=True, check_same_thread=False)


def _in_memory(connection: sqlite3.Connection) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    connection.backup(copy)
    return copy


def _current(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Return a connection to a file of this version; close that to any other."""
    try:
        version = version_of(connection, path)
        if version is None:
            raise ResultsError(f"{path}: is empty: nothing was stored; run the study again")
        if version < VERSION:
            raise ResultsError(earlier(path, version))
    except BaseException:
        connection.close()
        raise
    return connection
