"""The figure of a problem, and what is found in frames and figures."""

from optbench.report import plan
from optbench.report.figures import (
    palette,
    style,
)


def words(figure):
    """Return every text of a figure that is not empty, ticks and titles included."""
    return [t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text")) if t.get_text()]


def problem_figure(frames, label, **changes):
    """Return the figure of a problem, and the job that draws it."""
    facts = next(r for r in frames["problems"].itertuples(index=False) if r.label == label)
    curves, scores, convergence = (
        frames[name][frames[name]["label"] == label]
        for name in ("curves", "sensitivity", "convergence")
    )
    looks = palette.styles(frames["convergence"]["optimizer"])
    (job,) = plan.problem_jobs(
        facts, "p", curves=curves, scores=scores, convergence=convergence, styles=looks
    )
    with style.context():
        return job.function(**(job.arguments | changes)), job


def net_of(frames):
    """Return the row of the first net among the problems."""
    return next(r for r in frames["problems"].itertuples(index=False) if r.kind == "net")


def lines_of(axes, colour):
    return [line for line in axes.get_lines() if line.get_color() == colour]
