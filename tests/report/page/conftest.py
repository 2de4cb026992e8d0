"""A browser without a screen, and the page's JavaScript in it."""

import shutil
from importlib.resources import files

import pytest

SCRIPTS = files("optbench.report.page").joinpath("js")


@pytest.fixture(scope="session")
def chromium():
    """Return the distribution's browser; `make test-browser` says how to install it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=["--no-sandbox"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def stats(chromium):
    """Return ``call(name, *arguments)`` of the functions of js/stats.js."""
    page = chromium.new_page()
    code = SCRIPTS.joinpath("stats.js").read_text(encoding="utf-8")
    page.evaluate(f"() => {{ window.optbench = {{}};\n{code}\n}}")
    yield lambda name, *arguments: page.evaluate(
        "([name, own]) => optbench.stats[name](...own)", [name, list(arguments)]
    )
    page.close()
