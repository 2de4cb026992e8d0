"""Problems and rules as they were when a run was computed: what contours and bounds are drawn from.

The code at hand may be another by now; what has changed since is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optbench.define.plugins import Folders, paths
from optbench.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from optbench.catalog.instance import Problem
    from optbench.report.bounds.convex_starts import ConvexStarts
    from optbench.report.bounds.theory import Theory

Drawable = tuple[Callable[..., Any], tuple[Any, Any] | None, NDArray[Any] | None]
"""Value, box and minimum of a surface."""


def background(
    frames: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any], folders: Folders
) -> dict[str, Any]:
    """Return what stands behind lanes: "surfaces" for contours, and "theory" for bounds.

    Problems of the user's own are searched for in `folders`, and where the run took them from.
    """
    where = [*paths(folders), *manifest["plugins"]]
    return {
        "surfaces": surfaces(frames["problems"], where),
        "theory": theory(frames["problems"], where, manifest["study_seed"]),
    }


def surfaces(
    problems: pd.DataFrame, folders: Iterable[str | Path]
) -> Callable[[str], Drawable | None]:  # fmt: skip
    """Return ``f(label) -> (value, box, minimum)`` of the surfaces that were run, as published."""
    instance_of = _as_run(problems, folders)

    def surface(label: str) -> Drawable | None:
        problem = instance_of(label, 0)
        return None if problem is None else (problem.value, problem.box, problem.minimum)

    return surface


def _as_run(
    problems: pd.DataFrame, folders: Iterable[str | Path]
) -> Callable[[str, int], Problem | None]:  # fmt: skip
    """Return ``f(label, instance) -> Problem`` of the problems that were run.

    It returns None for what is there no more, or is another problem by now: today's contours and
    bounds would be drawn under yesterday's lanes.
    """
    from optbench.catalog import finding
    from optbench.catalog.identity import problem_identity

    existing = _existing(folders)
    rows = problems.set_index("label")

    def problem_of(label: str, instance: int) -> Problem | None:
        row = rows.loc[label]
        try:
            definition = finding.definition(row["problem"], existing)
            published = finding.problem(definition, int(row["dim"]))
            if isinstance(row["content"], str) and problem_identity(published) != row["content"]:
                return None
            return finding.problem(definition, int(row["dim"]), instance) if instance else published
        except UserError:
            return None

    return problem_of


def _existing(folders: Iterable[str | Path]) -> tuple[Path, ...]:
    """Return those of the folders that are there, each once."""
    return tuple(dict.fromkeys(Path(f) for f in folders if Path(f).is_dir()))


def theory(
    problems: pd.DataFrame, folders: Sequence[str | Path], study_seed: int
) -> Theory:  # fmt: skip
    """Return what theory asks of the problems and optimizers that were run."""
    from optbench.catalog.quadratics import curvatures
    from optbench.report.bounds.convex_starts import ConvexStarts
    from optbench.report.bounds.theory import Theory
    from optbench.rules.compose import optimizer

    problem_of, existing = _as_run(problems, folders), _existing(folders)

    def starts(label: str, instances: Any, seeds: Any) -> ConvexStarts | None:
        lanes = []
        for instance, seed in zip(instances.tolist(), seeds.tolist(), strict=True):
            problem = problem_of(label, instance)
            curved = problem and curvatures(problem)
            if problem is None or problem.minimum is None or not curved:
                return None
            (start,) = problem.starts([seed], study_seed)
            distance = float(np.linalg.norm(start - problem.minimum))
            gap = float(problem.value(start) - problem.value(problem.minimum))
            lanes.append((curved.largest, curved.least, distance, gap))
        if not lanes:
            return None
        smoothness, convexity, distances, gaps = np.array(lanes).T
        return ConvexStarts(smoothness, convexity, distances, gaps, quadratic=True)

    def settings(name: str) -> tuple[str, dict[str, float]] | None:
        try:
            own = optimizer(name, existing)
        except UserError:
            return None
        if own.wrappers or own.schedule:
            return None
        numbers = {key: v for key, v in own.values.items() if not isinstance(v, str)}
        return own.name, {**numbers, "lr": own.lr}

    return Theory(starts, settings)
