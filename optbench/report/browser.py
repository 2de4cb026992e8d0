"""A page in the user's browser."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path


def opened(page: Path) -> bool:
    """Open a page in the user's browser; say whether there is one.

    A browser of the terminal, which `webbrowser` takes where there is no display, cannot show it.
    """
    on_display = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    return on_display and webbrowser.open(page.resolve().as_uri())


def without_one(page: Path) -> str:
    """Return what to do with a page where there is no browser."""
    return (
        f"there is no browser here: open {page.resolve()} in one, or copy the file to where one is"
    )
