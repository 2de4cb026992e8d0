"""Draw the map of docs/maps.md: ``python docs/draw_map.py``."""

import io
from pathlib import Path

from PIL import Image

import optbench
from optbench.maps.drawing import png

PLACE = Path(__file__).with_name("map.png")
WIDTH = 720
"""Pixels of the picture: a page is no wider."""
COLOURS = 128


def main() -> None:
    """Draw it as the command does, smaller, and in as many colours as it takes."""
    drawn = optbench.map("momentum", "rosenbrock", x="lr", y="momentum")
    picture = Image.open(io.BytesIO(png(drawn))).convert("RGB")
    height = round(WIDTH * picture.height / picture.width)
    small = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
    small.quantize(COLOURS, dither=Image.Dither.NONE).save(PLACE, optimize=True)


if __name__ == "__main__":
    main()
