"""Pages that are parsed or in a headless Chromium, and the JavaScript without a page."""

from importlib.resources import files

import pytest

from optbench.report import build
from tests.report.page.parsed import read

SCRIPTS = [files("optbench.report.page").joinpath(f"js/{name}.js") for name in ("stats", "kinds")]


@pytest.fixture
def built(tmp_path, manifest):
    """Build the page of frames; return its text, what is parsed of it, and its folder."""

    def build_and_read(frames, only=(), **changes):
        path = build(tmp_path, frames, manifest(**changes), only=only)
        assert path == tmp_path / "report" / "index.html"
        return (*read(path), tmp_path)

    return build_and_read


@pytest.fixture(scope="module")
def written(tmp_path_factory, frames, manifest, surfaces):
    """Build the page of the frames of a file of tests; return its path."""
    return build(tmp_path_factory.mktemp("page"), frames, manifest(), surfaces=surfaces)


@pytest.fixture
def opened(chromium, written):
    """Open the page; at the end no error, no request and no dialog may have been seen."""
    seen, pages = [], []

    def open_page(fragment="", width=1440, scripts=True):
        page = chromium.new_page(
            viewport={"width": width, "height": 900}, java_script_enabled=scripts
        )
        page.on("console", lambda own: own.type in ("error", "warning") and seen.append(own.text))
        page.on("pageerror", lambda own: seen.append(str(own)))
        page.on("dialog", lambda own: seen.append(f"dialog {own.message}"))
        page.on("request", lambda own: own.url.startswith("file:") or seen.append(own.url))
        page.goto(f"file://{written}#{fragment}")
        if scripts:
            page.wait_for_selector("html.live")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert seen == []


@pytest.fixture(scope="session")
def bare(chromium):
    """Return a page with the pure functions of the page's JavaScript alone."""
    page = chromium.new_page()
    code = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    page.evaluate(f"() => {{ window.optbench = {{}};\n{code}\n}}")
    yield page
    page.close()


@pytest.fixture(scope="session")
def stats(bare):
    """Return ``call(name, *arguments)`` of the functions of js/stats.js."""
    return lambda name, *arguments: bare.evaluate(
        "([name, own]) => optbench.stats[name](...own)", [name, list(arguments)]
    )
