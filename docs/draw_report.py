"""Draw docs/report.png: the first screen of the report of a run, as a browser shows it.

``python docs/draw_report.py RUN`` needs a Chromium; `make report-picture` runs the default study
first. RUN is the folder of a run with its report.
"""

import shutil
import sys
from pathlib import Path

PICTURE = Path(__file__).parent / "report.png"
WIDTH, HEIGHT = 1280, 900
"""Of the window, in CSS pixels."""


def draw(browser, page, picture):
    """Write a picture of the first screen of a page, which is a file, as a browser shows it."""
    tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    tab.goto(Path(page).resolve().as_uri())
    tab.wait_for_selector("html.live")
    tab.screenshot(path=picture)
    tab.close()


def main(run):
    """Draw `PICTURE` of the run in a folder."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        draw(browser, Path(run) / "report" / "index.html", PICTURE)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
