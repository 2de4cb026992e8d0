"""How figures look: one colour, line and marker per optimizer, axes, and saving.

Figures are made with matplotlib's objects alone, never with pyplot: it is faster to import, keeps
no global list of figures, and works in any thread.
"""

import io
import math
import re
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

INK = "#222222"
SOFT = "#666666"
GRID = "#e4e4e4"

# The palette of Okabe and Ito without its yellow, which cannot be read on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#000000", "#CC79A7", "#56B4E9", "#E69F00")
LINES = ("-", (0, (4, 1.4)), (0, (1, 1.1)), (0, (6, 1.2, 1, 1.2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*", "h")

DPI = 144
"""Of PNG files."""

RC = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so figures look alike everywhere
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": "#888888",
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "xtick.color": "#888888",
    "ytick.color": "#888888",
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "path",  # legible without any installed font
    "svg.hashsalt": "optbench",  # the same bytes every time
    "path.simplify_threshold": 0.3,
}


class Style(NamedTuple):
    """How one optimizer is drawn, in every figure of a report."""

    colour: str
    line: object
    marker: str


def styles(names):
    """Return name -> `Style`. Up to 84 optimizers differ, seven of them by colour alone."""
    return {
        name: Style(
            COLOURS[i % len(COLOURS)],
            LINES[i // len(COLOURS) % len(LINES)],
            MARKERS[i % len(MARKERS)],
        )
        for i, name in enumerate(sorted(set(names)))
    }


def figure(width, height):
    """Return an empty figure of `width` x `height` inches."""
    made = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(made)
    return made


def axes(made, left, bottom, width, height):
    """Add axes at a place given in inches from the lower left corner."""
    across, up = made.get_size_inches()
    added = made.add_axes((left / across, bottom / up, width / across, height / up))
    added.spines[["top", "right"]].set_visible(False)
    added.grid(True, color=GRID, linewidth=0.6)
    added.set_axisbelow(True)
    return added


def words(made, x, y, content, **kwargs):
    """Write text at a place given in inches from the lower left corner."""
    across, up = made.get_size_inches()
    return made.text(x / across, y / up, content, **kwargs)


def save(made, stem):
    """Write ``stem.svg`` and ``stem.png``."""
    out = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    made.savefig(out, format="svg", metadata=nothing)
    Path(f"{stem}.svg").write_text(shared_pictures(out.getvalue()), encoding="utf-8")
    made.savefig(f"{stem}.png", dpi=DPI, metadata={"Software": None})


def shared_pictures(vector):
    """Return an SVG that holds a picture shown several times (a backdrop) only once."""
    kept = {}

    def use(image):
        kept[image["id"]] = f"<image {image['what']}/>"
        return f'<use xlink:href="#{image["id"]}" {image["place"]}/>'

    vector = IMAGE.sub(use, vector)
    head, tag, rest = vector.partition("<defs>")
    return head + tag + "".join(kept.values()) + rest


IMAGE = re.compile(  # as written for interpolation="none"; its style, large pixels, is left out
    r'<image (?P<what>xlink:href="[^"]+" id="(?P<id>[^"]+)" width="[^"]+" height="[^"]+") '
    r'(?P<place>transform="[^"]+")( style="[^"]+")?/>'
)


def context():
    """Return the context in which figures are drawn and saved."""
    return matplotlib.rc_context(RC)


# ----------------------------------------------------------------------------------------- scales


def power(value):
    """Return a tick's text: ``0.02``, ``300`` or ``1e-9``."""
    exponent = math.log10(abs(value))
    if -3 < exponent < 4:
        return f"{value:g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def log_ticks(low, high, most=8):
    """Return at most `most` round numbers in ``[low, high]`` for a log axis, and at least two."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    inside = [10.0**k for k in powers if low <= 10.0**k <= high]
    if len(inside) > 3:
        every = math.ceil(len(inside) / most)
        return [v for v in inside if round(math.log10(v)) % every == 0]
    for parts in ((1, 2, 5), (1, 3)):
        finer = [m * 10.0**k for k in powers for m in parts if low <= m * 10.0**k <= high]
        if 3 <= len(finer) <= most:
            return finer
    if len(inside) > 1:
        return inside
    # Less than a factor of five: equal steps are rounder than equal ratios.
    even = [
        float(v)
        for v in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high)
        if low <= v <= high
    ]
    return even if len(even) > 1 else [low, high]


def ticks(axis, places, texts):
    """Fix an axis's ticks (fixed ones are drawn several times faster than searched ones)."""
    axis.set_major_locator(FixedLocator(places))
    axis.set_ticklabels(texts)
    axis.set_minor_locator(NullLocator())


def log_axis(drawn, which, low, high, most=8):
    """Make axis `which` ("x" or "y") logarithmic over ``[low, high]``."""
    getattr(drawn, f"set_{which}scale")("log")
    places = log_ticks(low, high, most)
    ticks(getattr(drawn, f"{which}axis"), places, [power(v) for v in places])
    getattr(drawn, f"set_{which}lim")(low, high)


def evaluation_axis(drawn, evaluations, text="gradient evaluations", most=8):
    """Make x a log axis of evaluations; the start, at none, gets a place of its own left of it."""
    positive = evaluations[evaluations > 0]
    if not len(positive):
        drawn.set_xlabel(text)
        return
    low, high = float(positive.min()), float(positive.max())
    high = max(high, 1.01 * low)
    if evaluations.min() <= 0:
        drawn.set_xscale("symlog", linthresh=low, linscale=0.4)
        places = [0.0, *(v for v in log_ticks(low, high, most) if v >= low)]
        ticks(drawn.xaxis, places, ["0", *(power(v) for v in places[1:])])
        drawn.set_xlim(0, high * 1.02)
    else:
        log_axis(drawn, "x", low, high * 1.02, most)
    drawn.set_xlabel(text)


def log_limits(start, *values):
    """Return (low, high) of a log axis of gaps that start near `start`, and whether it cuts some.

    A method that reaches 1e-200 must not squeeze everything else into one line, and one that is
    about to overflow must not either: sixteen decades below the start and two above are shown.
    """
    known = np.concatenate([np.ravel(v) for v in values]) if values else np.empty(0)
    known = known[np.isfinite(known)]
    positive = known[known > 0]
    if not len(positive):
        return 1e-16, 1.0, bool(len(known))
    if not (math.isfinite(start) and start > 0):
        start = float(positive.max())
    floor, ceiling = 10.0 ** math.floor(math.log10(start) - 16), 100 * start
    low, high = max(float(known.min()), floor), min(float(positive.max()), ceiling)
    low = low / 1.6 if low > floor else floor
    return low, max(high, 10 * low) * 1.6, bool((known < floor).any())
