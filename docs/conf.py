"""Sphinx's settings; ``make docs`` builds the pages into docs/_build/html."""

import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sphinx.application import Sphinx  # noqa: E402

from docs.pages import links, llms, writing  # noqa: E402
from optbench import __version__  # noqa: E402
from optbench.report.playground import build as playground  # noqa: E402

project = "optbench"
author = "optbench contributors"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "numpydoc", "sphinx_copybutton"]
exclude_patterns = ["_build", links.FRONT]

# Markdown as it is on a code host, with the anchors it has there; examples are executed.
myst_heading_anchors = 4
myst_links_external_new_tab = False
nb_execution_mode = "force"  # what they show depends on all of optbench, not on their text alone
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
nb_mime_priority_overrides = [("text", "text/plain", 0)]

# Docstrings: what stands between single backticks is code.
default_role = "code"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_attributes_as_param_list = True

html_theme = "furo"
html_title = "optbench"
html_static_path = ["_static"]
html_css_files = ["optbench.css"]
html_show_sphinx = html_show_copyright = False
html_copy_source = False
html_theme_options = {"top_of_page_buttons": []}
copybutton_exclude = ".linenos, .gp, .go"

ARRAY = re.compile(
    r"~?numpy\.ndarray\[tuple\[~?typing\.Any, \.\.\.\], "
    r"~?numpy\.dtype\[[\w.~]+(?:\[[\w.~]+\])?\]\]"
)
_GENERATED: dict[str, str] = {}


def _write(app: Sphinx, config: Any) -> None:
    _GENERATED.update(writing.write())


def _lead_to_pages(app: Sphinx, name: str, content: list[str]) -> None:
    if f"{name}.md" not in _GENERATED:
        folder = PurePosixPath("docs", f"{name}.md").parent
        content[0] = links.within(content[0], folder, _GENERATED)


def _is_not_ours(
    app: Sphinx, what: str, name: str, member: object, skip: bool, options: Any
) -> Any:
    """Leave out what Pydantic adds to studies."""
    return True if name.startswith("model_") else None


def _without_array_details(
    app: Sphinx, what: str, name: str, thing: object, options: Any, signature: str, returned: str
) -> tuple[str, str]:
    """Shorten the types of arrays: shapes are in the text."""
    short = [ARRAY.sub("ndarray", text) if text else text for text in (signature, returned)]
    return short[0], short[1]


def _add_playground(app: Sphinx, error: Exception | None) -> None:
    """Put the page of momentum on a quadratic beside the others; examples/index.md leads to it."""
    if error is None:
        playground.write(Path(app.outdir) / "playground.html")


def setup(app: Sphinx) -> None:
    """Have pages written before, and plain text and the playground after."""
    app.connect("config-inited", _write)
    app.connect("source-read", _lead_to_pages)
    app.connect("autodoc-skip-member", _is_not_ours)
    app.connect("autodoc-process-signature", _without_array_details)
    app.connect("build-finished", llms.write)
    app.connect("build-finished", _add_playground)
