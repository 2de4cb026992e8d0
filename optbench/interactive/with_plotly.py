"""Figures of a run for the browser, by plotly; each from what its job for paper is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from optbench.errors import UserError
from optbench.report.figures import heatmap as cells
from optbench.report.figures import rate_scores
from optbench.report.figures import trajectories as surfaces
from optbench.report.figures.bands import Band, logarithmic, starting_value
from optbench.report.figures.curves_and_rates import linear_limits
from optbench.report.figures.distributions import in_brackets
from optbench.report.figures.endings import STATUSES
from optbench.report.figures.palette import GRID, LINES, SOFT, Style
from optbench.report.figures.quantities import SCORE, VALUE
from optbench.report.figures.style import log_limits
from optbench.report.figures.surface_views import visible

DASHES = dict(zip(LINES, ("solid", "dash", "dot", "dashdot"), strict=True))
"""The names of plotly for the lines of `palette`."""
SHADE = 0.13
"""How much of an optimizer's colour a band has."""
ROW, REST = 28, 120
"""Pixels of a row, of an optimizer or a problem, and of what surrounds all rows."""
Arguments = Mapping[str, Any]
Floats = NDArray[np.float64]


def curves(arguments: Arguments) -> go.Figure:
    """Draw medians and quartiles against evaluations."""
    bands: Mapping[str, Band] = arguments["bands"]
    if not bands:
        raise UserError(f"{arguments['label']}: the run has no curves of these optimizers")
    figure = _figure(arguments["label"], arguments["unit"], VALUE[arguments["kind"]][1])
    first = min(
        band.evaluations[band.evaluations > 0].min(initial=np.inf) for band in bands.values()
    )
    floor, top = -np.inf, np.inf
    if logarithmic([band.median for band in bands.values()], starting_value(bands)):
        sides = [side for own in bands.values() for side in (own.median, own.low, own.high)]
        floor, top, _ = log_limits(starting_value(bands), *sides)
        figure.update_yaxes(type="log", range=np.log10([floor, top]), exponentformat="power")
    else:
        figure.update_yaxes(range=linear_limits(bands))
    for name, band in bands.items():
        looks = arguments["styles"][name]
        x = np.where(band.evaluations > 0, band.evaluations, first / 1.5)  # a log axis has no 0
        low, middle, high = (np.maximum(v, floor) for v in (band.low, band.median, band.high))
        if band.lanes > 1:
            figure.add_trace(_quartiles(name, x, low, high, top, looks))
        figure.add_trace(_line(name, x, middle, looks))
        bound = (arguments["bounds"] or {}).get(name)
        if bound is not None:
            figure.add_trace(go.Scatter(
                x=x, y=bound, mode="lines", line={"color": SOFT, "width": 0.8}, legendgroup=name,
                name=f"bound on {name}", showlegend=False,
            ))  # fmt: skip
        figure.add_trace(go.Scatter(
            x=band.left_at, y=np.clip(band.left_from, floor, top), mode="markers",
            marker={"symbol": "x-thin", "size": 7, "line": {"width": 1.5, "color": looks.colour}},
            legendgroup=name, name=f"{name}: last before diverging", showlegend=False,
        ))  # fmt: skip
    if np.isfinite(arguments["target"]):
        figure.add_hline(arguments["target"], line={"color": SOFT, "width": 1, "dash": "dash"})
    figure.update_xaxes(type="log", exponentformat="power")
    return figure


def rates(arguments: Arguments) -> go.Figure:
    """Draw tuning scores against rates."""
    scores = arguments["scores"]
    if not scores:
        raise UserError(f"{arguments['label']}: no rate of these optimizers was tuned")
    figure = _figure(arguments["label"], "learning rate", SCORE[arguments["kind"]])
    for name, own in scores.items():
        looks, score = (
            arguments["styles"][name],
            np.where(np.isfinite(own.score), own.score, np.nan),
        )
        figure.add_trace(
            _line(name, own.lr, score, looks, "lines+markers" if own.is_grid else "markers")
        )
        for place, values, symbol in (
            ("tuned", (own.lr[own.best], score[own.best]), "circle"),
            ("default", tuple(own.default.T), "diamond-open"),
        ):
            figure.add_trace(go.Scatter(
                x=values[0], y=values[1], mode="markers", name=f"{name}: {place}",
                marker={"symbol": symbol, "size": 10, "color": looks.colour},
                legendgroup=name, showlegend=False,
            ))  # fmt: skip
    finite = rate_scores.finite_scores(scores)
    if len(finite):
        ends = np.array(rate_scores.limits(finite, starting_value(arguments["bands"])))
        if (finite < 0).any():
            figure.update_yaxes(range=ends)
        else:
            figure.update_yaxes(type="log", range=np.log10(ends), exponentformat="power")
    figure.update_xaxes(type="log", exponentformat="power")
    return figure


def trajectories(arguments: Arguments) -> go.Figure:
    """Draw paths over contours."""
    figure = _figure(arguments["label"], "x₀", "x₁")
    (left, low), (right, high) = limits = arguments["limits"]
    grid: surfaces.Grid | None = arguments["grid"]
    if grid is not None:
        figure.add_trace(_contours(grid))
    for name, path in arguments["paths"].items():
        x, y = visible(path, limits).T
        figure.add_trace(_line(name, x, y, arguments["styles"][name], "lines+markers"))
    start = next(iter(arguments["paths"].values()))[0]
    marks = [("declared start", start, "circle-open")]
    if arguments["minimum"] is not None:
        marks.append(("minimum", arguments["minimum"], "star"))
    for words, (x, y), symbol in marks:
        mark = {"symbol": symbol, "size": 12, "color": "black"}
        figure.add_trace(go.Scatter(x=[x], y=[y], mode="markers", marker=mark, name=words))
    figure.update_xaxes(range=[left, right])
    figure.update_yaxes(range=[low, high])
    return figure


def heatmap(arguments: Arguments) -> go.Figure:
    """Draw a cell for each pair."""
    rows, columns = list(arguments["rows"]), list(arguments["columns"])
    figure = _figure(arguments["title"], "", "")
    places, words = zip(*arguments["scale"], strict=True)
    figure.add_trace(go.Heatmap(
        z=arguments["colours"], x=columns, y=rows, text=arguments["texts"], texttemplate="%{text}",
        zmin=0.0, zmax=1.0, colorscale=_colours(cells.DEEP), xgap=1, ygap=1, hoverongaps=False,
        hovertemplate="%{y}<br>%{x}<br>%{text}<extra></extra>",
        colorbar={"tickvals": places, "ticktext": words, "title": arguments["scale_text"]},
    ))  # fmt: skip
    figure.update_xaxes(side="top", type="category")
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_layout(height=ROW * len(rows) + 2 * REST)
    return figure


def distributions(arguments: Arguments) -> go.Figure:
    """Draw step functions."""
    figure = _figure(arguments["title"], arguments["words"], "share (%)")
    first, most = arguments["first"], arguments["most"]
    notes = in_brackets(arguments["partly"])
    for name, (at, height) in arguments["curves"].items():
        shown = at <= most
        last = height[shown][-1:] if shown.any() else np.zeros(1)
        x = np.concatenate([[first], at[shown], [most]])
        y = 100 * np.concatenate([[0.0], height[shown], last])
        line = _line(name, x, y, arguments["styles"][name])
        words = f"{name} {notes.get(name, '')}".strip()
        figure.add_trace(line.update(line_shape="hv", name=words))
    figure.update_xaxes(type="log", range=np.log10([first, most]), exponentformat="power")
    figure.update_yaxes(range=[-2, 102])
    return figure


def ranks(arguments: Arguments) -> go.Figure:
    """Draw a row for each optimizer, at its mean rank."""
    figure, half = _figure("Mean ranks", "mean rank (1: best)", ""), arguments["difference"] / 2
    names = list(arguments["names"])
    bars = None if np.isnan(half) else {"array": np.full(len(names), half), "color": "#777777"}
    colours = [arguments["styles"][name].colour for name in names]
    figure.add_trace(go.Scatter(
        x=arguments["ranks"], y=names, mode="markers", error_x=bars, showlegend=False,
        marker={"color": colours, "size": 9},
    ))  # fmt: skip
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_layout(height=ROW * len(names) + REST)
    return figure


def statuses(arguments: Arguments) -> go.Figure:
    """Draw stacked bars of how lanes ended."""
    counts = arguments["counts"]
    shares = 100 * counts / np.maximum(counts.sum(axis=1), 1)[:, None]
    figure = _figure("How scoring lanes ended", "share of scoring lanes (%)", "")
    for looks, share, count in zip(STATUSES.values(), shares.T, counts.T, strict=True):
        if count.any():
            figure.add_trace(go.Bar(
                x=share, y=list(arguments["names"]), orientation="h", name=looks.words,
                marker={"color": looks.colour}, customdata=count,
                hovertemplate="%{y}: %{customdata:.0f} lanes (%{x:.0f} %)",
            ))  # fmt: skip
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_layout(barmode="stack", height=ROW * len(counts) + REST)
    return figure


def _figure(title: str, x: str, y: str) -> go.Figure:
    """Return an empty figure that looks as those of the page do."""
    axis = {"showline": True, "linecolor": SOFT, "gridcolor": GRID, "zeroline": False}
    return go.Figure(layout={
        "template": "none", "title": {"text": title}, "showlegend": True,
        "xaxis": {**axis, "title": {"text": x}, "automargin": True},
        "yaxis": {**axis, "title": {"text": y}, "automargin": True},
    })  # fmt: skip


def _line(name: str, x: Floats, y: Floats, looks: Style, mode: str = "lines") -> go.Scatter:
    return go.Scatter(
        x=x, y=np.where(np.isfinite(y), y, np.nan), mode=mode, name=name, legendgroup=name,
        line={"color": looks.colour, "dash": DASHES[looks.line], "width": 2}, marker={"size": 4},
    )  # fmt: skip


def _quartiles(
    name: str, x: Floats, low: Floats, high: Floats, top: float, looks: Style
) -> go.Scatter:
    """Return the band between quartiles; one that is infinite runs to the top."""
    inside = np.isfinite(low)
    above = np.where(np.isfinite(high), high, top)[inside]
    red, green, blue = (int(looks.colour[k : k + 2], 16) for k in (1, 3, 5))
    x, low = x[inside], low[inside]
    return go.Scatter(
        x=np.concatenate([x, x[::-1]]), y=np.concatenate([above, low[::-1]]),
        fill="toself", fillcolor=f"rgba({red},{green},{blue},{SHADE})", mode="lines",
        line={"width": 0}, hoverinfo="skip", legendgroup=name, name=f"{name}: quartiles",
        showlegend=False,
    )  # fmt: skip


def _contours(grid: surfaces.Grid) -> go.Contour:
    """Return the surface, in equal steps of the logarithm above its least value."""
    finite = np.where(np.isfinite(grid.f), grid.f, np.nan)
    lowest = float(np.nanmin(finite))
    gaps = surfaces.levels(grid.f, lowest) - lowest
    height = np.log10(np.clip(finite - lowest, gaps[0], None))
    return go.Contour(
        x=grid.x, y=grid.y, z=height, colorscale=_colours(surfaces.PALE), showscale=False,
        ncontours=len(gaps), line={"width": 0.35, "color": "#8296aa"},
        customdata=grid.f, hovertemplate="f = %{customdata:.4g}<extra></extra>",
        name="f", showlegend=False,
    )  # fmt: skip


def _colours(scale: Any) -> list[tuple[float, str]]:
    """Return a colour map of matplotlib's as plotly writes it."""
    return [(float(at), to_hex(scale(float(at)))) for at in np.linspace(0, 1, 9)]
