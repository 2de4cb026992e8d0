"""CSV as people save it, by the standard library's reader with strict rules on top.

The separator (comma, semicolon, tab), the decimal sign and the header follow from the content.
What could be read in two ways is refused, with the line and what to write instead: a wrong guess
would train on other numbers without a word.
"""

import array
import csv
import io
import itertools
import math
import re
from pathlib import Path
from typing import NoReturn

import numpy as np

from optbench.errors import SettingError
from optbench.gate import shown
from optbench.nets.targets import FEW, NUMBERS, WHOLE, WORDS, Targets, consecutive

SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas"}
"""What may separate columns; where two do in as many rows, the first of them is meant."""

MISSING = frozenset(
    "|na|n/a|n.a.|#n/a|#na|<na>|nan|-nan|+nan|null|none|nil|nat|missing|?|-|--|.".split("|")
)
"""Lower-case cells that stand for a value that is not there."""

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LIKE_NUMBER = re.compile(r"[$€£+-]{0,2}[\d.,][\d.,'_\s]*([eE][+-]?\d+)?\s?[%$€£]?")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_NO_NUMBERS = str.maketrans("", "", "0123456789.+-eE ")  # float() takes more: nan, 1_000, ...
_LONG = 300  # digits; only longer numbers, or those with an exponent, leave the range of float64
_HEADER_HINT = "; if this line is a header, name all columns by words"
_SAMPLE = 200  # rows that decide on the separator


def read(path: Path, content: bytes) -> tuple[np.ndarray, Targets]:
    """Read examples, one a line, the target in the last column.

    Lines that begin with # and empty lines are skipped. A first line of names is a header.

    Parameters
    ----------
    path : Path
        For messages.
    content : bytes

    Returns
    -------
    X : float64 [n, k]
    targets : Targets

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
    start, cells = first
    width = len(cells)
    if width < 2:
        raise SettingError(
            f"{path}, line {start}: has {width} columns; expected 2 or more (features, then the "
            f"target), separated by {', '.join(SEPARATORS.values())}"
        )
    header = _is_header(path, start, cells)
    if not header:
        rows = itertools.chain([first], rows)
    numbers, words, lines = _Numbers(path, separator, start), [], []
    values = array.array("d")
    for line, row in rows:
        if len(row) != width:
            raise SettingError(
                f"{path}, line {line}: has {len(row)} columns; expected {width} (features, then "
                f"the target) in every row, as in line {start}, separated by "
                f"{SEPARATORS[separator]}"
            )
        words.append(row[-1].strip())
        if not words[-1]:  # before the features, since a separator too many shifts what they are
            numbers.refuse(line, width, "")
        values.extend(numbers.row(line, row[:-1]))
        lines.append(line)
    if not lines:
        raise SettingError(f"{path}: holds no example; expected rows of features and a target")
    targets = _targets(numbers, words, lines, width)
    numbers.check_decimal_sign()
    if not header and _counts(cells[:-1]) and targets.kind == WORDS and words.count(words[0]) == 1:
        _refuse_numbered_header(path, start, cells)
    return np.frombuffer(values, np.float64).reshape(-1, width - 1), targets


# ------------------------------------------------------------------------------------- from bytes


def _decoded(path, content):
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


def _lines(text):
    """Yield the lines, comments emptied, so that their quotation marks mean nothing."""
    for line in io.StringIO(text, newline=""):
        yield "\n" if line.lstrip().startswith("#") else line


def _separator(text):
    """Return what separates columns in most of the first rows."""
    counts = {}
    for separator in SEPARATORS:
        reader = csv.reader(_lines(text), delimiter=separator, skipinitialspace=True)
        counts[separator] = 0
        try:
            for row in itertools.islice(filter(None, reader), _SAMPLE):
                counts[separator] += len(row) > 1
        except csv.Error:
            continue  # told with its line when the rows are read
    most = max(counts.values())
    return next(separator for separator in SEPARATORS if counts[separator] == most) if most else ","


def _rows(path, text, separator):
    """Yield (line, cells) of the lines that are not empty."""
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


def _is_header(path, line, cells):
    """Return whether the first row holds names alone; refuse names that mislead."""
    names = [cell.strip() for cell in cells]
    if _counts(names):
        _refuse_numbered_header(path, line, names)
    if not names[0] and all(_is_word(name) for name in names[1:]):
        raise SettingError(
            f"{path}, line {line}, column 1: has no name, as where a table was saved with its row "
            "numbers; leave them out (pandas: index=False), or name the column"
        )
    if not all(map(_is_word, names)):
        return False
    for column, name in enumerate(names, 1):
        if name in names[: column - 1]:
            raise SettingError(
                f"{path}, line {line}: columns {names.index(name) + 1} and {column} are both named "
                f"{shown(name)}; keep one of them, or give it another name"
            )
    return True


def _is_word(cell):
    missing = cell.lower() in MISSING
    return not (missing or _LIKE_NUMBER.fullmatch(cell) or _INFINITE.fullmatch(cell))


def _counts(cells):
    """Return whether cells are 0, 1, 2, ..., as where columns were numbered, or 1, 2, 3, ..."""
    from_0 = [str(i) for i in range(len(cells))]
    from_1 = [str(i) for i in range(1, len(cells) + 1)]
    cells = [cell.strip() for cell in cells]
    return cells == from_0 or (len(cells) > 2 and cells == from_1)


def _refuse_numbered_header(path, line, cells) -> NoReturn:
    raise SettingError(
        f"{path}, line {line}: {shown(','.join(cells))} looks like a header that numbers the "
        "columns, but could be an example; if it is a header, name the columns by words; if it is "
        "an example, put a line of names above it"
    )


# ---------------------------------------------------------------------------------------- numbers


class _Numbers:
    """Reads cells as numbers, in one decimal sign throughout the file."""

    def __init__(self, path, separator, start):
        self.path, self.separator, self.start = path, separator, start
        self.sign = None  # (sign, place, word) where it was first seen
        self.certain = False  # whether some decimal comma can not separate thousands

    def row(self, line, cells):
        """Return the numbers of a row's features."""
        text = "".join(cells)
        first_point = self.separator != "," and "." in text and (self.sign or ",")[0] != "."
        if text.translate(_NO_NUMBERS) or first_point:
            return self._one_by_one(line, cells)
        try:
            values = [*map(float, cells)]
        except ValueError:
            return self._one_by_one(line, cells)
        if "e" in text or "E" in text or max(map(len, cells)) > _LONG:
            if any(value == 0.0 or math.isinf(value) for value in values):
                return self._one_by_one(line, cells)
        return values

    def _one_by_one(self, line, cells):
        values = []
        for column, cell in enumerate(cells, 1):
            value = self.number(line, column, cell.strip())
            if value is None:
                self.refuse(line, column, cell.strip())
            values.append(value)
        return values

    def number(self, line, column, word):
        """Return a cell's number, None if it is a word; refuse what only resembles a number."""
        plain = word
        if self.separator != "," and word.count(",") == 1 and "." not in word:
            plain = word.replace(",", ".")
        if _NUMBER.fullmatch(plain):
            if self.separator != ",":
                self._notice_sign(line, column, word)
            return self._in_range(line, column, plain)
        if not _is_word(word):
            self.refuse(line, column, word)
        return None

    def _in_range(self, line, column, plain):
        value = float(plain)
        mantissa = re.split("[eE]", plain)[0]
        if math.isinf(value) or (value == 0.0 and any(digit in mantissa for digit in "123456789")):
            raise SettingError(
                f"{self.path}, line {line}, column {column}: {shown(plain)} is outside the range "
                "of float64, about 1e-308 to 1e308; write the column in another unit"
            )
        return value

    def _notice_sign(self, line, column, word):
        sign = "," if "," in word else "." if "." in word else None
        if sign is None:
            return
        place = f"line {line}, column {column}"
        if self.sign is None:
            self.sign = sign, place, word
        elif sign != self.sign[0]:
            raise SettingError(
                f"{self.path}, {place}: {shown(word)} has another decimal sign than "
                f"{shown(self.sign[2])} in {self.sign[1]}; write one of them throughout, without "
                "separators of thousands"
            )
        self.certain |= sign == "," and not _THOUSANDS.fullmatch(word)

    def check_decimal_sign(self):
        """Refuse commas all of which could separate thousands, like 1,234."""
        if self.sign and self.sign[0] == "," and not self.certain:
            _, place, word = self.sign
            raise SettingError(
                f"{self.path}, {place}: {shown(word)} has a comma that may be a decimal sign or "
                "separate thousands, and no other cell tells which; write a decimal point, or no "
                "separator"
            )

    def refuse(self, line, column, word) -> NoReturn:
        """Raise `SettingError` for a cell that is no number, and say what it looks like."""
        place = f"{self.path}, line {line}, column {column}"
        hint = _HEADER_HINT if line == self.start else ""
        if not word:
            raise SettingError(
                f"{place}: an empty cell is a missing value; fill it in or leave out the line, or "
                f"the {SEPARATORS[self.separator]} at the end of all lines{hint}"
            )
        if word.lower() in MISSING:
            raise SettingError(
                f"{place}: {shown(word)} is a missing value; fill it in or leave out the line{hint}"
            )
        if _INFINITE.fullmatch(word):
            raise SettingError(f"{place}: {shown(word)} is not finite; expected finite numbers")
        if _LIKE_NUMBER.fullmatch(word):
            raise SettingError(
                f"{place}: {shown(word)} is not a plain number; expected digits and one decimal "
                f"sign, without separators of thousands or units{self._about_separator()}{hint}"
            )
        raise SettingError(
            f"{place}: {shown(word)} is not a number; expected numbers in all columns but the "
            f"last; encode words as numbers first{self._about_separator()}{hint}"
        )

    def _about_separator(self):
        return f" (columns are separated by {SEPARATORS[self.separator]})"


# ---------------------------------------------------------------------------------------- targets


def _targets(numbers, words, lines, width):
    """Return the last column: all numbers or all words, nothing missing and nothing mixed."""
    values = [numbers.number(line, width, word) for line, word in zip(lines, words, strict=True)]
    count = sum(value is not None for value in values)
    if count == 0:
        return Targets(tuple(words), WORDS, tuple(lines))
    if count < len(values):
        rare = count <= len(values) - count  # the rarer kind is the likelier mistake
        odd = next(i for i, value in enumerate(values) if (value is not None) == rare)
        other = next(i for i, value in enumerate(values) if (value is not None) != rare)
        kinds = ("a number", "a word") if rare else ("a word", "a number")
        hint = _HEADER_HINT if odd == 0 else ""
        raise SettingError(
            f"{numbers.path}, line {lines[odd]}, column {width}: the target {shown(words[odd])} is "
            f"{kinds[0]}, but {shown(words[other])} in line {lines[other]} is {kinds[1]}; expected "
            f"numbers in all lines, or the names of classes in all{hint}"
        )
    y = np.array(values)
    distinct = np.unique(y)
    labels = (y == np.rint(y)).all() and (len(distinct) <= FEW or consecutive(distinct))
    return Targets(y, WHOLE if labels else NUMBERS, tuple(lines))
