"""What becomes of results that are damaged: they are set aside, said so, and computed anew.

A file that SQLite cannot read is kept by another name. A cell whose bytes have changed stays in the
file under a name that nothing asks for; its pairs are pending again. Nothing of a file that another
program wrote is touched.
"""

import sqlite3
import warnings
from collections.abc import Iterator
from pathlib import Path

from optbench.errors import DamagedError, ResultsError
from optbench.study.results import CLAIMED, PENDING
from optbench.study.store_schema import checksum
from optbench.study.store_versions import renamed

DAMAGED = "damaged "
"""Before the identity of a cell that was set aside."""


class DamageWarning(UserWarning):
    """Results that were stored are damaged, and were set aside."""


def set_file_aside(path: Path, error: Exception) -> None:
    """Rename a file that SQLite cannot read, and warn.

    Raises
    ------
    ResultsError
        If it cannot be renamed.
    """
    try:
        aside = renamed(path, "damaged")
    except OSError as refused:
        raise ResultsError(
            f"{path}: is damaged and cannot be renamed ({refused.strerror}); choose another folder "
            "with --out"
        ) from error
    message = f"{path}: is damaged; it is kept as {aside.name}, and all is computed anew"
    warnings.warn(message, DamageWarning, stacklevel=2)


def set_cells_aside(connection: sqlite3.Connection, path: Path) -> int:
    """Set aside cells whose bytes have changed, in a transaction of the caller's; count them.

    Raises
    ------
    DamagedError
        If more than cells are damaged.
    """
    (words,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if words != "ok":
        raise DamagedError(f"{path}: is damaged: {words}")
    damaged = list(_damaged(connection))
    # What the run consists of is written anew: texts of it may be damaged, too.
    connection.execute("DELETE FROM manifest WHERE key = ?", (CLAIMED,))
    connection.execute("DELETE FROM invocations WHERE NOT json_valid(facts)")
    for identity in damaged:
        connection.execute(
            "UPDATE pairs SET state = ? WHERE number IN (SELECT pair FROM named WHERE cell = ?)",
            (PENDING, identity),
        )
        for table in ("named", "layers"):
            connection.execute(f"DELETE FROM {table} WHERE cell = ?", (identity,))
        connection.execute("DELETE FROM cells WHERE id = ?", (DAMAGED + identity,))
        connection.execute("UPDATE cells SET id = ? WHERE id = ?", (DAMAGED + identity, identity))
    if damaged:
        plural = "s are" if len(damaged) > 1 else " is"
        message = f"{path}: {len(damaged)} damaged cell{plural} set aside and computed anew"
        warnings.warn(message, DamageWarning, stacklevel=2)
    return len(damaged)


def _damaged(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield the identities of cells whose bytes, or whose axes', are not those that were stored."""
    axes = connection.execute("SELECT number, checksum, data FROM axes")
    bad_axes = {number for number, stored, data in axes if checksum(data) != stored}
    # Digests find axes again: cells that are computed anew must not find what is damaged.
    for number in bad_axes:
        connection.execute("UPDATE axes SET digest = randomblob(16) WHERE number = ?", (number,))
    rows = connection.execute("SELECT id, facts, facts_checksum, axes, checksum, data FROM cells")
    for identity, facts, of_facts, number, of_data, data in rows:
        intact = checksum(facts.encode()) == of_facts and checksum(data) == of_data
        if not identity.startswith(DAMAGED) and (not intact or number in bad_axes):
            yield identity
    lacking = "SELECT DISTINCT cell FROM named WHERE cell NOT IN (SELECT id FROM cells)"
    yield from [identity for (identity,) in connection.execute(lacking)]
