"""CSV as people save it, by the standard library's reader with strict rules on top.

The separator (comma, semicolon, tab), the decimal sign and the header follow from the content.
What could be read in two ways is refused, with the line and what to write instead: a wrong guess
would train on other numbers without a word.
"""

import array
import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from optbench.errors import SettingError
from optbench.gate import shown
from optbench.nets.answers import FEW, NUMBERS, WHOLE, WORDS, Answers, consecutive
from optbench.nets.csv_values import HEADER_HINT, SEPARATORS, NumberReader, is_word

_SAMPLE = 200  # rows that decide on the separator


def read(path: Path, content: bytes) -> tuple[NDArray[np.float64], Answers]:
    """Read examples, one a line, the answer in the last column.

    Lines that begin with # and empty lines are skipped. A first line of names is a header.

    Parameters
    ----------
    path : Path
        For messages.
    content : bytes

    Returns
    -------
    X : float64 [n, k]
    answers : Answers

    Raises
    ------
    SettingError
        If a line can not be read, or could be in two ways; it names the line.
    """
    text = _decoded(path, content)
    separator = _separator(text)
    rows = _rows(path, text, separator)
    first = next(rows, None)
    if first is None:
        raise SettingError(f"{path}: holds no example; expected rows of features and a target")
    start, texts = first
    width = len(texts)
    if width < 2:
        raise SettingError(
            f"{path}, line {start}: has {width} columns; expected 2 or more (features, then the "
            f"target), separated by {', '.join(SEPARATORS.values())}"
        )
    header = _is_header(path, start, texts)
    if not header:
        rows = itertools.chain([first], rows)
    reader = NumberReader(path, separator, start)
    values, words, lines = _columns(reader, rows, width)
    answers = _answers(reader, words, lines, width)
    reader.check_decimal_sign()
    rare = answers.kind == WORDS and words.count(words[0]) == 1
    if rare and not header and _are_counted(texts[:-1]):
        _refuse_numbered_header(path, start, texts)
    return values.reshape(-1, width - 1), answers


def _columns(
    reader: NumberReader, rows: Iterable[tuple[int, list[str]]], width: int
) -> tuple[NDArray[np.float64], list[str], list[int]]:
    """Return the features, one after the other, the answers as texts, and the lines of both."""
    values, words, lines = array.array("d"), list[str](), list[int]()
    for line, row in rows:
        if len(row) != width:
            raise SettingError(
                f"{reader.path}, line {line}: has {len(row)} columns; expected {width} (features, "
                f"then the target) in every row, as in line {reader.start}, separated by "
                f"{SEPARATORS[reader.separator]}"
            )
        words.append(row[-1].strip())
        if not words[-1]:  # before the features, since a separator too many shifts what they are
            reader.refuse(line, width, "")
        values.extend(reader.row(line, row[:-1]))
        lines.append(line)
    if not lines:
        raise SettingError(
            f"{reader.path}: holds no example; expected rows of features and a target"
        )
    return np.frombuffer(values, np.float64), words, lines


# ------------------------------------------------------------------------------------- from bytes


def _decoded(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SettingError(
            f"{path}, line {line}: is not a text file in UTF-8 ({error.reason}); save it as UTF-8"
        ) from None
    if "\0" in text:
        raise SettingError(
            f"{path}: is not a text file in UTF-8, it holds zero bytes; save it as UTF-8"
        )
    return text


def _lines(text: str) -> Iterator[str]:
    """Yield the lines, comments emptied, so that their quotation marks mean nothing."""
    for line in io.StringIO(text, newline=""):
        yield "\n" if line.lstrip().startswith("#") else line


def _separator(text: str) -> str:
    """Return what separates columns in most of the first rows."""
    counts = {}
    for separator in SEPARATORS:
        reader = csv.reader(_lines(text), delimiter=separator, skipinitialspace=True)
        counts[separator] = 0
        try:
            for row in itertools.islice(filter(None, reader), _SAMPLE):
                counts[separator] += len(row) > 1
        except csv.Error:
            continue  # `_rows` refuses it, with its line
    most = max(counts.values())
    return next(separator for separator in SEPARATORS if counts[separator] == most) if most else ","


def _rows(path: Path, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, texts) of the lines that are not empty."""
    reader = csv.reader(_lines(text), delimiter=separator, skipinitialspace=True, strict=True)
    line = 1
    try:
        for row in reader:
            if len(row) > 1 or (row and row[0].strip()):
                if reader.line_num > line:
                    raise csv.Error("a cell goes over the end of the line")
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise SettingError(
            f"{path}, line {line}: can not be read ({error}); close every quotation mark in its "
            "line, and double those within a cell"
        ) from None


# ----------------------------------------------------------------------------------------- header


def _is_header(path: Path, line: int, texts: Sequence[str]) -> bool:
    """Return whether the first row holds names alone; refuse names that mislead."""
    names = [text.strip() for text in texts]
    if _are_counted(names):
        _refuse_numbered_header(path, line, names)
    if not names[0] and all(is_word(name) for name in names[1:]):
        raise SettingError(
            f"{path}, line {line}, column 1: has no name, as where a table was saved with its row "
            "numbers; leave them out (pandas: index=False), or name the column"
        )
    if not all(map(is_word, names)):
        return False
    for column, name in enumerate(names, 1):
        if name in names[: column - 1]:
            raise SettingError(
                f"{path}, line {line}: columns {names.index(name) + 1} and {column} are both named "
                f"{shown(name)}; keep one of them, or give it another name"
            )
    return True


def _are_counted(texts: Sequence[str]) -> bool:
    """Return whether texts are 0, 1, 2, ..., as where columns were numbered, or 1, 2, 3, ..."""
    from_0 = [str(i) for i in range(len(texts))]
    from_1 = [str(i) for i in range(1, len(texts) + 1)]
    names = [text.strip() for text in texts]
    return names == from_0 or (len(names) > 2 and names == from_1)


def _refuse_numbered_header(path: Path, line: int, texts: Sequence[str]) -> NoReturn:
    raise SettingError(
        f"{path}, line {line}: {shown(','.join(texts))} looks like a header that numbers the "
        "columns, but could be an example; if it is a header, name the columns by words; if it is "
        "an example, put a line of names above it"
    )


# ---------------------------------------------------------------------------------------- answers


def _answers(
    reader: NumberReader, words: Sequence[str], lines: Sequence[int], width: int
) -> Answers:
    """Return the last column: all numbers or all words, nothing missing and nothing mixed."""
    values = [reader.number(line, width, word) for line, word in zip(lines, words, strict=True)]
    count = sum(value is not None for value in values)
    if count == 0:
        return Answers(tuple(words), WORDS, tuple(lines))
    if count < len(values):
        rare = count <= len(values) - count  # the rarer kind is the likelier mistake
        odd = next(i for i, value in enumerate(values) if (value is not None) == rare)
        other = next(i for i, value in enumerate(values) if (value is not None) != rare)
        kinds = ("a number", "a word") if rare else ("a word", "a number")
        hint = HEADER_HINT if odd == 0 else ""
        raise SettingError(
            f"{reader.path}, line {lines[odd]}, column {width}: the target {shown(words[odd])} is "
            f"{kinds[0]}, but {shown(words[other])} in line {lines[other]} is {kinds[1]}; expected "
            f"numbers in all lines, or the names of classes in all{hint}"
        )
    y = np.array(values)
    distinct = np.unique(y)
    labels = (y == np.rint(y)).all() and (len(distinct) <= FEW or consecutive(distinct))
    return Answers(y, WHOLE if labels else NUMBERS, tuple(lines))
