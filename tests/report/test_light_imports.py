"""What a report needs not is not imported for it: start-up is most of what a small run takes."""

import subprocess
import sys

import pytest

LOADED = "import sys; print(*(name for name in {names} if name in sys.modules))"


def imported(modules, names):
    """Return which of the names a fresh process has imported with the modules."""
    code = f"import {', '.join(modules)}; {LOADED.format(names=names)}"
    return subprocess.check_output([sys.executable, "-c", code], text=True).split()


@pytest.mark.parametrize(
    "modules",
    [("optbench.report.page.build",), ("optbench.session", "optbench.report.statistics.load")],
)
def test_neither_page_nor_tables_import_what_draws_or_computes(modules):
    heavy = (
        "matplotlib", "numba", "pydantic", "scipy.optimize", "scipy.stats", "scipy.linalg",
        "sklearn", "opda",
    )  # fmt: skip
    assert imported(modules, heavy) == []
    assert imported((*modules, "matplotlib"), heavy) == ["matplotlib"]  # what is there is seen
