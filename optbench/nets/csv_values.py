"""Values of a CSV file as numbers: plain ones in one decimal sign, or refused with the place."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from optbench.errors import SettingError
from optbench.gate import shown

SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas"}
"""What may separate columns; where two do in as many rows, the first of them is meant."""

MISSING = frozenset(
    "|na|n/a|n.a.|#n/a|#na|<na>|nan|-nan|+nan|null|none|nil|nat|missing|?|-|--|.".split("|")
)
"""Lower-case texts that stand for a value that is not there."""

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_LIKE_NUMBER = re.compile(r"[$€£+-]{0,2}[\d.,][\d.,'_\s]*([eE][+-]?\d+)?\s?[%$€£]?")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_NO_NUMBERS = str.maketrans("", "", "0123456789.+-eE ")  # float() takes more: nan, 1_000, ...
_LONG = 300  # digits; only longer numbers, or those with an exponent, leave the range of float64
HEADER_HINT = "; if this line is a header, name all columns by words"


def is_word(text: str) -> bool:
    """Return whether a text is neither a number nor anything that stands for one."""
    missing = text.lower() in MISSING
    return not (missing or _LIKE_NUMBER.fullmatch(text) or _INFINITE.fullmatch(text))


class DecimalSign(NamedTuple):
    """A decimal sign, and the text where a file has it first."""

    sign: str
    place: str
    text: str


class NumberReader:
    """Reads texts as numbers, in one decimal sign throughout the file.

    Attributes
    ----------
    path : Path
    separator : str
    start : int
        The first line that holds anything; it may be a header.
    """

    def __init__(self, path: Path, separator: str, start: int) -> None:
        self.path, self.separator, self.start = path, separator, start
        self.first_sign: DecimalSign | None = None
        self.certain = False  # whether some decimal comma can not separate thousands

    def row(self, line: int, texts: Sequence[str]) -> list[float]:
        """Return the numbers of a row's features."""
        joined, sign = "".join(texts), self.first_sign and self.first_sign.sign
        first_point = self.separator != "," and "." in joined and sign != "."
        if joined.translate(_NO_NUMBERS) or first_point:
            return self._one_by_one(line, texts)
        try:
            values = [*map(float, texts)]
        except ValueError:
            return self._one_by_one(line, texts)
        if "e" in joined or "E" in joined or max(map(len, texts)) > _LONG:
            if any(value == 0.0 or math.isinf(value) for value in values):
                return self._one_by_one(line, texts)
        return values

    def _one_by_one(self, line: int, texts: Sequence[str]) -> list[float]:
        values = []
        for column, text in enumerate(texts, 1):
            value = self.number(line, column, text.strip())
            if value is None:
                self.refuse(line, column, text.strip())
            values.append(value)
        return values

    def number(self, line: int, column: int, text: str) -> float | None:
        """Return a text's number, None if it is a word; refuse what only resembles a number."""
        plain = text
        if self.separator != "," and text.count(",") == 1 and "." not in text:
            plain = text.replace(",", ".")
        if _NUMBER.fullmatch(plain):
            if self.separator != ",":
                self._check_sign(line, column, text)
            return self._in_range(line, column, plain)
        if not is_word(text):
            self.refuse(line, column, text)
        return None

    def _in_range(self, line: int, column: int, plain: str) -> float:
        value = float(plain)
        mantissa = re.split("[eE]", plain)[0]
        if math.isinf(value) or (value == 0.0 and any(digit in mantissa for digit in "123456789")):
            raise SettingError(
                f"{self.path}, line {line}, column {column}: {shown(plain)} is outside the range "
                "of float64, about 1e-308 to 1e308; write the column in another unit"
            )
        return value

    def _check_sign(self, line: int, column: int, text: str) -> None:
        """Refuse a decimal sign that is not the first one of the file."""
        sign = "," if "," in text else "." if "." in text else None
        if sign is None:
            return
        place = f"line {line}, column {column}"
        if self.first_sign is None:
            self.first_sign = DecimalSign(sign, place, text)
        elif sign != self.first_sign.sign:
            raise SettingError(
                f"{self.path}, {place}: {shown(text)} has another decimal sign than "
                f"{shown(self.first_sign.text)} in {self.first_sign.place}; write one of them "
                "throughout, without separators of thousands"
            )
        self.certain |= sign == "," and not _THOUSANDS.fullmatch(text)

    def check_decimal_sign(self) -> None:
        """Refuse commas all of which could separate thousands, like 1,234."""
        if self.first_sign and self.first_sign.sign == "," and not self.certain:
            _, place, text = self.first_sign
            raise SettingError(
                f"{self.path}, {place}: {shown(text)} has a comma that may be a decimal sign or "
                "separate thousands, and no other cell tells which; write a decimal point, or no "
                "separator"
            )

    def refuse(self, line: int, column: int, text: str) -> NoReturn:
        """Raise `SettingError` for a text that is no number, and say what it looks like."""
        place = f"{self.path}, line {line}, column {column}"
        hint = HEADER_HINT if line == self.start else ""
        if not text:
            raise SettingError(
                f"{place}: an empty cell is a missing value; fill it in or leave out the line, or "
                f"the {SEPARATORS[self.separator]} at the end of all lines{hint}"
            )
        if text.lower() in MISSING:
            raise SettingError(
                f"{place}: {shown(text)} is a missing value; fill it in or leave out the line{hint}"
            )
        if _INFINITE.fullmatch(text):
            raise SettingError(f"{place}: {shown(text)} is not finite; expected finite numbers")
        if _LIKE_NUMBER.fullmatch(text):
            raise SettingError(
                f"{place}: {shown(text)} is not a plain number; expected digits and one decimal "
                f"sign, without separators of thousands or units{self._about_separator()}{hint}"
            )
        raise SettingError(
            f"{place}: {shown(text)} is not a number; expected numbers in all columns but the "
            f"last; encode words as numbers first{self._about_separator()}{hint}"
        )

    def _about_separator(self) -> str:
        return f" (columns are separated by {SEPARATORS[self.separator]})"
