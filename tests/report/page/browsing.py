"""What tests of the page in a browser do again and again."""

import os
from pathlib import Path

SCREENSHOTS = os.environ.get("OPTBENCH_SCREENSHOTS")


def show(page, name):
    """Scroll to a figure, and wait until it is drawn."""
    page.locator(f"#f-{name}").scroll_into_view_if_needed()
    page.wait_for_selector(f"#f-{name} .main-svg")
    return page.locator(f"#f-{name} .host")


def keep(page, name):
    """Keep a picture of the window, where it is asked for."""
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")
