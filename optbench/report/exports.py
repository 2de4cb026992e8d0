"""Frames as text that other programs read: CSV, JSON, LaTeX, Markdown, and Parquet files.

Numbers are as many digits as they need to be read back; names are data, whatever they look like.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optbench.errors import ResultsError, UserError
from optbench.report.escaping import latex, markdown, spreadsheet
from optbench.report.figures.numbers import text
from optbench.report.statistics.rows import Frames

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("csv", "parquet", "json", "latex", "md")
SUFFIXES = {"csv": "csv", "parquet": "parquet", "json": "json", "latex": "tex", "md": "md"}
VERSION = 1
"""Of the form of JSON documents; schema/results.schema.json describes it."""


def plain(value: Any) -> Any:
    """Return a cell as JSON has it: null where there is nothing, "inf" where it is infinite."""
    if isinstance(value, np.ndarray | list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
        return None if math.isnan(value) else value
    return None if _is_missing(value) else str(value)


def _is_missing(value: Any) -> bool:
    import pandas

    return value is pandas.NA or value is pandas.NaT


def rows(frame: pd.DataFrame) -> Iterator[list[Any]]:
    """Yield the rows of a frame with plain cells."""
    columns = [frame[name].tolist() for name in frame]
    for row in zip(*columns, strict=True):
        yield [plain(value) for value in row]


def document(frames: Frames, names: Sequence[str], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return tables of a run as one JSON document.

    Parameters
    ----------
    frames : mapping of str to DataFrame
    names : sequence of str
        Of the tables that are in it.
    manifest : dict
        Facts about the run.
    """
    return {
        "format": "optbench results", "version": VERSION,
        "run": {
            "study": manifest["study"].get("name"), "created": manifest["created"],
            "state": manifest["state"], "cpu": manifest["cpu"], "versions": manifest["versions"],
        },
        "tables": {
            name: {"columns": list(map(str, frames[name])), "rows": list(rows(frames[name]))}
            for name in names
        },
    }  # fmt: skip


def as_csv(frame: pd.DataFrame) -> str:
    """Return CSV: texts that a spreadsheet would take for a formula begin with '."""
    safe = frame.rename(columns=lambda name: spreadsheet(str(name)))
    for name in safe:
        if safe[name].dtype.kind not in "biuf":
            own = safe[name].astype("category") if _is_text(safe[name]) else safe[name]
            safe[name] = own.map(_csv_cell)  # of a category each word once
    return str(safe.to_csv(index=False, lineterminator="\n"))


def _is_text(column: pd.Series[Any]) -> bool:
    """Tell whether cells are words, and no lists."""
    return not len(column) or not isinstance(column.iloc[0], np.ndarray | list | tuple)


def _csv_cell(value: Any) -> Any:
    if isinstance(value, np.ndarray | list | tuple):
        return " ".join(str(part) for part in plain(value))
    return spreadsheet(value) if isinstance(value, str) else value


def _words(row: Iterable[Any]) -> Iterator[str]:
    """Yield cells as readers see them: numbers in few characters."""
    for value in row:
        if isinstance(value, list):
            yield " ".join(_words(value))
        elif value is None or value in ("inf", "-inf") or isinstance(value, float):
            yield text(None if value is None else float(value))
        else:
            yield str(value)


def as_latex(frame: pd.DataFrame) -> str:
    r"""Return a ``longtable`` with the rules of ``booktabs``."""
    import pandas

    columns = [
        "r" if pandas.api.types.is_numeric_dtype(frame[name].dtype) else "l" for name in frame
    ]
    head = " & ".join(latex(str(name)) for name in frame)
    lines = [
        "% \\usepackage{booktabs,longtable}",
        f"\\begin{{longtable}}{{{''.join(columns)}}}",
        "\\toprule", f"{head} \\\\", "\\midrule", "\\endhead",
        *(" & ".join(map(latex, _words(row))) + " \\\\" for row in rows(frame)),
        "\\bottomrule", "\\end{longtable}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def as_markdown(frame: pd.DataFrame) -> str:
    """Return a table of GitHub's Markdown."""
    lines = [[str(name) for name in frame], *(list(_words(row)) for row in rows(frame))]
    cells = ["| " + " | ".join(map(markdown, line)) + " |" for line in lines]
    return "\n".join([cells[0], "|" + " --- |" * len(frame.columns), *cells[1:]]) + "\n"


TEXTS = {"csv": as_csv, "latex": as_latex, "md": as_markdown}
"""Of formats with one table a file, what makes its text."""


def write(
    frames: Frames, names: Sequence[str], manifest: Mapping[str, Any], form: str, out: Path
) -> list[Path]:
    """Write tables into the folder `out`, a file each, and of JSON one file; return the files.

    Raises
    ------
    ResultsError
        If it cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        if form == "json":
            path = out / "results.json"
            path.write_text(as_json(document(frames, names, manifest)), encoding="utf-8")
            return [path]
        paths = [out / f"{name}.{SUFFIXES[form]}" for name in names]
        for name, path in zip(names, paths, strict=True):
            if form == "parquet":
                _write_parquet(frames[name], path)
            else:
                path.write_text(TEXTS[form](frames[name]), encoding="utf-8")
        return paths
    except OSError as error:
        raise ResultsError(f"{out} cannot be written: {error.strerror or error}") from error


def as_json(content: Any) -> str:
    """Return JSON that any parser reads: no NaN, and no letters but those of ASCII."""
    return json.dumps(content, allow_nan=False, separators=(",", ":")) + "\n"


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    try:
        import pyarrow  # noqa: F401  pandas' message names several packages
    except ImportError:
        raise UserError(
            "Parquet needs pyarrow: pip install 'optbench[parquet]', or choose another format"
        ) from None
    frame.to_parquet(path, engine="pyarrow", index=False)
