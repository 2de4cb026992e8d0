"""Draw docs/report.png: the first screen of the report of a run, as a browser shows it.

``python docs/draw_report.py RUN`` needs a Chromium; `make report-picture` runs the default study
first. RUN is the folder of a run with its report.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parent / "report.png"
WIDTH, HEIGHT = 1280, 900
"""Of the window, in CSS pixels."""


def draw(run, picture=PICTURE):
    """Write a picture of the first screen of the report in the folder of a run."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto((Path(run).resolve() / "report" / "index.html").as_uri())
        page.wait_for_selector("html.live")
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    draw(sys.argv[1])
