"""The table of ``optbench list optimizers -v``: what hyperparameters may be, where searched."""

from collections.abc import Iterable, Iterator, Mapping

from optbench.define.ranges import Allowed, Flag, Range

HEAD = ("hyperparameter", "default", "may be", "searched in", "scale", "source of the search range")
FIXED = "fixed"


def rows(hyper: Mapping[str, Allowed]) -> Iterator[tuple[str, ...]]:
    """Yield a row of the table, as `HEAD` says, for each hyperparameter of a part."""
    for name, allowed in hyper.items():
        default = _default(allowed)
        search = allowed.search if isinstance(allowed, Range) else None
        if search is None:
            yield name, default, str(allowed), FIXED, "", ""
        else:
            yield name, default, str(allowed), str(search), search.scale, search.source


def _default(allowed: Allowed) -> str:
    if isinstance(allowed, Flag):
        return str(allowed.on).lower()
    return allowed.default if isinstance(allowed.default, str) else f"{allowed.default:g}"


def lines(table: Iterable[tuple[str, ...]]) -> list[str]:
    """Return the rows of a table as lines, in columns as wide as their widest entries."""
    listed = [HEAD, *table]
    if len(listed) == 1:
        return []
    widths = [max(map(len, column)) for column in zip(*listed, strict=True)]
    padded = ("  ".join(map(str.ljust, row, widths)) for row in listed)
    return [line.rstrip() for line in padded]
