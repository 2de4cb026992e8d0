"""docs/python.md: each block works as it is written, one after the other, without a warning."""

import re
import subprocess
import sys
from pathlib import Path

import optbench

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_every_block_works_as_written(tmp_path):
    code = "import matplotlib\nmatplotlib.use('agg')\n" + "\n".join(BLOCKS)
    (tmp_path / "page.py").write_text(code)
    process = subprocess.run(
        [sys.executable, "-W", "error", "page.py"], cwd=tmp_path, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert process.returncode == 0 and not process.stderr, process.stderr
    written = {path.name for path in tmp_path.glob("*.*")} - {"page.py"}
    assert written == {
        "curves.png", "booth.pdf", "heatmap.html", "paper.svg", "lanes.png",
    }  # fmt: skip


def test_every_figure_is_in_the_table():
    from optbench.interactive.plots import Plots

    figures = {name for name in vars(Plots) if name[0] != "_"} - {"names", "figure", *FIELDS}
    named = set(re.findall(r"`(\w+)\(", PAGE.partition("| figure")[2].partition("\n\n")[0]))
    assert named == figures


FIELDS = {"frames", "manifest", "folders"}


def test_every_public_name_exists_where_it_is_said_to():
    for name in optbench.__all__:
        assert getattr(optbench, name) is not None
