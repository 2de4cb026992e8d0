"""``optbench map``: how lanes end over two hyperparameters, as a picture."""

import re
from pathlib import Path
from typing import Any

import click

from optbench.cli.documents import examples, json_option, put
from optbench.cli.folders import plugins_option
from optbench.cli.run_options import name_option
from optbench.errors import UserError


@click.command(
    "map",
    short_help="Draw how lanes end over two hyperparameters, a lane a pixel.",
    epilog=examples(
        "optbench map -o momentum -p rosenbrock --x lr --y momentum",
        "optbench map -o adam -p himmelblau --x 'x[0]' --y 'x[1]' --size 256",
    ),
)
@name_option("o", "optimizer", "The optimizer, as in run.")
@name_option("p", "problem", "The problem, as in run.")
@click.option(
    "--x", "x", default="lr", metavar="AXIS", show_default=True,
    help="A hyperparameter, or x[0] of the start; with a range: lr=1e-4:1.",
)  # fmt: skip
@click.option("--y", "y", metavar="AXIS", help="The other axis [the next one that is searched].")
@click.option("--steps", type=click.IntRange(min=1), default=1000, show_default=True)
@click.option(
    "--size", type=click.IntRange(min=2), default=1024, show_default=True,
    help="Pixels along each side.",
)  # fmt: skip
@click.option(
    "--dtype", type=click.Choice(["float64", "float32"]), default="float64", show_default=True
)
@click.option("--threads", type=click.IntRange(min=1), help="[the number of processors]")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="The picture [map-OPTIMIZER-PROBLEM.png].",
)  # fmt: skip
@click.option("--data", is_flag=True, help="Also write the arrays, as .npz beside the picture.")
@json_option
@plugins_option
def map_command(
    optimizer: str, problem: str, x: str, y: str | None, steps: int, size: int, dtype: str,
    threads: int | None, out: Path | None, data: bool, as_json: bool, plugins: tuple[Path, ...],
) -> None:  # fmt: skip
    """Draw how lanes of an optimizer end, a lane a pixel.

    Blue reached the target, dark at once and light late; grey did neither; orange left the finite,
    cream at once. All lanes meet the same draws: instance 0, seed 0.
    """
    from optbench.maps.mapping import map as run_map

    if out is not None and out.suffix != ".png":
        raise UserError(f"map: --out {out} names no .png file, which the picture is")
    drawn = run_map(
        optimizer, problem, x=x, y=y, steps=steps, size=size, dtype=dtype, threads=threads,
        folders=plugins,
    )  # fmt: skip
    picture = out or Path(f"map-{_slug(optimizer)}-{_slug(problem)}.png")
    files = [drawn.save(picture)]
    if data:
        files.append(drawn.save_data(picture.with_suffix(".npz")))
    facts = drawn.facts()
    lines = [
        ", ".join(f"{100 * share:.3g} % {name}" for name, share in drawn.shares.items()),
        _best(facts["best"], (drawn.x.name, drawn.y.name)),
        *map(str, files),
    ]
    put(facts | {"files": [str(file) for file in files]}, lines, as_json)


def _best(best: dict[str, Any] | None, names: tuple[str, str]) -> str:
    """Say which pixel is the best, and how it ended."""
    if best is None:
        return "no lane stayed finite"
    at = ", ".join(f"{name} = {best[name]:.4g}" for name in names)
    return f"best: {at} ({best['outcome']}, {best['steps']} steps)"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")
