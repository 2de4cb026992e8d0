"""Frames of two ladders of three levels, with numbers that are easily followed."""

import pandas as pd

from optbench.report.ladders.ladder_table import COLUMNS, EACH, LEVEL_COLUMNS, ONCE

LADDERS = ("bends", "noise", "steps")


def with_ladders(frames, names):
    """Return frames with ladders: optimizer k holds k % 4 levels, once one less."""
    held = [
        (ladder, name, k == 0, way, 3, max(k % 4 - (way == ONCE), 0), 0.0, 3.0, 5)
        for ladder in LADDERS for k, name in enumerate(names) for way in (EACH, ONCE)
    ]  # fmt: skip
    success = [
        (ladder, name, way, level, float(level <= held), 5, 0.1)
        for ladder, name, _, way, levels, held, *_ in held for level in range(1, levels + 1)
    ]  # fmt: skip
    return {
        **frames,
        "ladders": pd.DataFrame(held, columns=COLUMNS),
        "levels": pd.DataFrame(success, columns=LEVEL_COLUMNS),
    }
