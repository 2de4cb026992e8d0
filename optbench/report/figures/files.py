"""Files of figures: the same bytes each time, and names in them are texts and never commands."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_pgf import RendererPgf
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from PIL import Image

from optbench.report.escaping import latex

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("svg", "pdf", "png", "pgf")
NOTHING: dict[str, dict[str, Any]] = {
    "svg": dict.fromkeys(("Date", "Creator", "Format", "Type")),
    "pdf": dict.fromkeys(("Creator", "Producer", "CreationDate")),
    "png": {"Software": None},
}
"""What matplotlib would write beside the figure: versions and dates, which change."""
INCHES = 1 / 72
"""Of a point."""


def write(figure: Figure, path: Path, words: str) -> None:
    """Write a figure in the format of the path's suffix; `words` say what it shows."""
    suffix = path.suffix.removeprefix(".")
    if suffix == "pgf":
        path.write_text(_pgf(figure, path), encoding="utf-8")
        return
    title = {"png": "Description"}.get(suffix, "Title")
    figure.savefig(path, format=suffix, metadata={**NOTHING[suffix], title: words})


def _pgf(figure: Figure, path: Path) -> str:
    r"""Return a figure as commands for LaTeX, which are read by ``\input``.

    matplotlib asks LaTeX for the size of each text; here those of its own font do, so that no LaTeX
    need be installed. The document sets the texts in its own font.
    """
    width, height = figure.get_size_inches()
    commands = StringIO()
    mixed: Any = MixedModeRenderer  # matplotlib has no types for its backends
    figure.draw(mixed(figure, width, height, figure.dpi, _Escaping(figure, commands, path)))
    return (
        "% A figure for LaTeX: \\usepackage{pgf}, and \\input this file.\n"
        "\\begingroup\n\\makeatletter\n\\begin{pgfpicture}\n"
        f"\\pgfpathrectangle{{\\pgfpointorigin}}{{\\pgfqpoint{{{width:f}in}}{{{height:f}in}}}}\n"
        "\\pgfusepath{use as bounding box, clip}\n"
        f"{commands.getvalue()}\\end{{pgfpicture}}\n\\makeatother\n\\endgroup\n"
    )


class _Escaping(RendererPgf):
    """Writes texts escaped, and pictures as PNG files beside the figure's."""

    def __init__(self, figure: Figure, commands: StringIO, path: Path) -> None:
        super().__init__(figure, commands)  # type: ignore[no-untyped-call]
        self.path = path

    def draw_text(
        self, gc: GraphicsContextBase, x: float, y: float, s: str, prop: FontProperties,
        angle: float, ismath: Any = False, mtext: Any = None,
    ) -> None:  # fmt: skip
        """Write a text, none of whose letters is a command."""
        text = latex(s)
        super().draw_text(gc, x, y, text, prop, angle, ismath, mtext)  # type: ignore[no-untyped-call]

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: Any
    ) -> tuple[float, float, float]:
        """Return the size of a text in pixels."""
        size = text_to_path.get_text_width_height_descent(s, prop, ismath=False)
        across, tall, below = (float(part) * self.dpi * INCHES for part in size)
        return across, tall, below

    def draw_image(
        self, gc: GraphicsContextBase, x: float, y: float, im: Any, transform: Any = None
    ) -> None:
        """Write a picture to a file, and a reference to it."""
        tall, across = (pixels / self.dpi for pixels in im.shape[:2])
        name = f"{self.path.stem}-{self.image_counter}.png"
        self.image_counter += 1
        Image.fromarray(im[::-1]).save(self.path.parent / name)
        parts = [1.0, 0.0, 0.0, 1.0, x / self.dpi, y / self.dpi]
        if transform is not None:  # it takes the unit square to where the picture is
            parts = [float(part) / self.dpi for part in transform.frozen().to_values()]
            parts[4], parts[5] = parts[4] + x / self.dpi, parts[5] + y / self.dpi
            tall = across = 1.0
        scale, place = "".join(f"{{{p:f}}}" for p in parts[:4]), [f"{{{p:f}in}}" for p in parts[4:]]
        self.fh.write(
            f"\\begin{{pgfscope}}\n\\pgfsys@transformcm{scale}{''.join(place)}\n"
            "\\pgftext[left,bottom]{\\pgfimage[interpolate=true,"
            f"width={across:f}in,height={tall:f}in]{{{name}}}}}\n\\end{{pgfscope}}\n"
        )
