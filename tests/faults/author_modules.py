"""Files of authors with a problem `mine`, and how a mistake in one is told."""

import importlib.util
import itertools
import re

HEAD = """\
import math, os, random, time
from dataclasses import dataclass
from random import gauss
import numpy as np
from optbench.define import Log, normal, optimizer, problem, where
TABLE, NAMED, COUNT = [1.0, 2.0], {"a": 1.0}, 0
class Settings:
    scale = 0.1
@dataclass(frozen=True)
class Data:
    scale: float = 0.1
DATA = Data()
"""
NUMBERS = itertools.count()


def module(folder, text):
    """Import a text as a module of its own."""
    path = folder / f"file{next(NUMBERS)}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def declared(folder, body, arguments="x", start="[1.0, 2.0]"):
    """Return the problem `mine` with a body, of which the first line is number 1."""
    text = f"{HEAD}@problem(start={start})\ndef mine({arguments}):\n"
    if "g" in arguments:
        text += "    g[0] = g[1] = 1.0\n"
    found = module(folder, text + "".join(f"    {line}\n" for line in body.splitlines())).mine
    return found, text.count("\n")


def one_line(error, path, line):
    """Check that a message has one line, with the place, and no word of the compiler's."""
    text = str(error.value)
    assert "\n" not in text and len(text) < 420
    assert re.match(rf"\S+file\d+\.py:{line}: ", text), text
    assert not re.search(
        r"Rows|Dual\(|Vec\(|Mask\(|float64|int64|reflected|getiter|getitem|Literal|\$\d|nopython"
        r"| at 0x|<built-in|<class|NoneType",
        text,
    ), text
    return text


LOOP = r"for i in range\(len\(x\)\): \.\.\. x\[i\]"
