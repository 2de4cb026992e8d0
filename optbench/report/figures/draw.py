"""Drawing many figures: what a figure job is, and running jobs in a few processes."""

import base64
import io
import multiprocessing
import re
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from optbench.report.figures import style
from optbench.waiting import tell

EMBED_SVG = 400_000
"""Pages embed the SVG up to this many bytes, above it the PNG."""


@dataclass(frozen=True)
class Job:
    """One figure to draw.

    Attributes
    ----------
    stem : str
        Name of its files, without suffix.
    function : callable
        A module-level ``f(**arguments) -> Figure``.
    arguments : dict
    words : str
        What a reader who cannot see it is told.
    """

    stem: str
    function: object
    arguments: dict
    words: str


@dataclass(frozen=True)
class Drawn:
    """A finished figure: the name of its files, a data URI and its size in CSS pixels."""

    stem: str
    uri: str
    width: int
    words: str


def run(jobs, folder, processes):
    """Draw all jobs into `folder` and return stem -> `Drawn`.

    Workers are spawned, not forked: the caller has threads and compiled code in its process.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if processes <= 1 or len(jobs) < 4:
        finished = []
        for job in jobs:
            tell("drawing figures", len(finished), len(jobs))
            finished.append(render(job, folder))
    else:
        # The largest first, so that no process is left with a long one at the end.
        order = sorted(range(len(jobs)), key=lambda i: -_weight(jobs[i]))
        start = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(processes, len(jobs)), mp_context=start) as pool:
            futures = [pool.submit(render, jobs[i], folder) for i in order]
            finished = []
            for future in as_completed(futures):
                finished.append(future.result())
                tell("drawing figures", len(finished), len(jobs))
    return {made.stem: made for made in finished}


def _weight(job):
    return len(job.arguments.get("paths", ()))


def render(job, folder):
    """Draw one job, write its SVG and PNG, and return what the page embeds."""
    with style.context():
        figure = job.function(**job.arguments)
        stem = Path(folder) / job.stem
        style.save(figure, stem)
    width = round(96 * figure.get_size_inches()[0])
    return Drawn(job.stem, data_uri(stem), width, job.words)


def data_uri(stem):
    """Return the smaller form of a saved figure as a data URI."""
    vector = Path(f"{stem}.svg").read_text(encoding="utf-8")
    vector = slim(vector).encode()
    if len(vector) <= EMBED_SVG:
        return "data:image/svg+xml;base64," + base64.b64encode(vector).decode()
    return "data:image/png;base64," + base64.b64encode(palette_png(f"{stem}.png")).decode()


def slim(vector):
    """Return an SVG without what browsers do not need: comments, and decimals beyond 0.01 px."""
    vector = re.sub(r"<!--.*?-->\s*", "", vector, flags=re.DOTALL)
    vector = re.sub(r"<!DOCTYPE.*?>\s*", "", vector, flags=re.DOTALL)

    def shorter(path):
        return re.sub(r"(\.\d\d)\d+", r"\1", path.group())

    vector = re.sub(r'\bd="[^"]*"', shorter, vector)
    return re.sub(r'\b[xy]="-?\d+\.\d+"', shorter, vector)


def palette_png(path):
    """Return a PNG with at most 256 colours: a third of the bytes, and no visible difference."""
    from PIL import Image

    out = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT).save(out, "PNG")
    return out.getvalue()
