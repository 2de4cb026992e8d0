"""Cells of a text as numbers: plain ones in one decimal sign, or refused with the place."""

import math
import re
from typing import NoReturn

from optbench.errors import SettingError
from optbench.gate import shown

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
HEADER_HINT = "; if this line is a header, name all columns by words"


def is_word(cell: str) -> bool:
    """Return whether a cell is neither a number nor anything that stands for one."""
    missing = cell.lower() in MISSING
    return not (missing or _LIKE_NUMBER.fullmatch(cell) or _INFINITE.fullmatch(cell))


class Numbers:
    """Reads cells as numbers, in one decimal sign throughout the file.

    Attributes
    ----------
    path : Path
    separator : str
    start : int
        The first line that holds anything; it may be a header.
    """

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
        if not is_word(word):
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
        hint = HEADER_HINT if line == self.start else ""
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
