"""Which problems have figures on the page."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from optbench.define.lookup import matching
from optbench.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


def drawn_labels(problems: pd.DataFrame, globs: Sequence[str] = ()) -> list[str]:
    """Return the labels of the problems that are drawn, in the order of the frame.

    Parameters
    ----------
    problems : DataFrame
    globs : sequence of str
        Problems that are asked for, by name or label; none: all.

    Raises
    ------
    UserError
        If a glob matches no problem of the run.
    """
    labels: list[str] = problems["label"].tolist()
    if not globs:
        return labels
    names = dict(zip(labels, problems["problem"], strict=True))
    chosen: set[str] = set()
    for glob in globs:
        matches = {label for label in labels if matching(glob, [label, names[label]])}
        if glob in labels:  # brackets in a label are not a glob's
            matches.add(glob)
        if not matches:
            near = difflib.get_close_matches(glob, [*names.values(), *labels], n=3, cutoff=0.5)
            hint = f"did you mean {', '.join(near)}?" if near else f"it has {labels[0]}, ..."
            raise UserError(f"the run has no problem {glob!r}: {hint}")
        chosen |= matches
    return [label for label in labels if label in chosen]
