"""What all pages have in common is made once, and is what would be made again."""

import gzip

import jinja2
import pytest

from optbench.report.page.build import OPTIONS, plotly
from optbench.report.page.kept import KeptTemplates, kept
from optbench.report.page.packing import LEVEL, compressed, compressed_once


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OPTBENCH_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def made(times):
    """Return a function that says how often it was called."""

    def make():
        times.append(1)
        return b"%d" % len(times)

    return make


def test_a_thing_is_made_once_for_each_content_and_way(cache):
    times = []
    assert [kept("a", b"1", made(times)) for _ in range(3)] == [b"1"] * 3
    assert kept("a", b"2", made(times)) == b"2"
    assert kept("b", b"1", made(times)) == b"3"
    assert kept("a", b"1", made(times)) == b"1"


def test_damage_is_made_anew(cache):
    times = []
    kept("a", b"1", made(times))
    (file,) = cache.iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert kept("a", b"1", made(times)) == b"2"
    assert kept("a", b"1", made(times)) == b"2"


def test_without_a_cache_it_is_made_each_time(cache, monkeypatch):
    monkeypatch.setenv("OPTBENCH_CACHE", "off")
    times = []
    assert [kept("a", b"1", made(times)) for _ in range(2)] == [b"1", b"2"]
    assert not cache.exists()


def test_plotly_is_the_same_whether_it_was_kept(cache):
    content = plotly()[:100_000]
    first, second = compressed_once(content), compressed_once(content)
    assert first == second == compressed(content)
    (file,) = cache.iterdir()
    assert file.read_bytes().endswith(gzip.compress(content, LEVEL, mtime=0))


def environment(source):
    loader = jinja2.DictLoader({"page": source})
    return jinja2.Environment(loader=loader, bytecode_cache=KeptTemplates(OPTIONS), **OPTIONS)


def test_templates_are_compiled_once_and_follow_their_source(cache, monkeypatch):
    assert environment("{{ x }}!").get_template("page").render(x="<") == "&lt;!"
    assert len([*cache.iterdir()]) == 1
    with monkeypatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", None)  # cannot be called
        assert environment("{{ x }}!").get_template("page").render(x=2) == "2!"
    assert environment("{{ x }}?").get_template("page").render(x=2) == "2?"
    assert len([*cache.iterdir()]) == 2
