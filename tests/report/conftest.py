"""Frames with known numbers, their surfaces and manifest; and a browser."""

import shutil

import pytest

from tests.report.made_frames import bowl, make_frames, make_manifest


@pytest.fixture(scope="session", name="make_frames")
def fixture_of_frames():
    return make_frames


@pytest.fixture(scope="session")
def manifest():
    return make_manifest


@pytest.fixture(scope="session")
def surfaces():
    return bowl


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("no Chromium: apt-get install chromium")
    with playwright.sync_playwright() as own:
        browser = own.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
