"""Two workers of one machine do not compile the same; no cluster is needed."""

import pytest

from optbench.kernels.compiling import entries
from optbench.lanes.pool import Unit
from optbench.study.cluster import compiling_once


@pytest.fixture
def unit(tmp_path, monkeypatch):
    monkeypatch.setenv("OPTBENCH_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("OPTBENCH_CACHE", "on")
    compiled = []
    return Unit("a rule", 1.0, "a rule", lambda: compiled.append("a rule")), compiled


def test_what_another_worker_compiles_is_left_to_it_and_then_taken_over(unit):
    own, compiled = unit
    with compiling_once._lock(own):
        assert not compiling_once._compiled(own, 0.0) and compiled == []
    assert compiling_once._compiled(own, 0.0) and compiled == ["a rule"]


def test_who_waits_too_long_compiles_it_all_the_same(unit, monkeypatch):
    own, compiled = unit
    monkeypatch.setattr(compiling_once, "LONGEST", 0.1)
    with compiling_once._lock(own):
        assert compiling_once._compiled(own, 0.1) and compiled == ["a rule"]


def test_without_a_cache_everyone_compiles(unit, monkeypatch):
    own, compiled = unit
    monkeypatch.setenv("OPTBENCH_CACHE", "off")
    with pytest.raises(entries.CacheOffError):
        entries.usable()
    assert compiling_once._compiled(own, 0.0) and compiled == ["a rule"]
