"""Nets compiled by a second process."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

import optbench
from optbench.nets import network
from optbench.study import compiling

NET = SimpleNamespace(
    problem=optbench.problem("xor_sigmoid", instance=1), device="cpu", dtype="float64"
)
ON_CUDA = SimpleNamespace(problem=NET.problem, device="cuda", dtype="float64")


@pytest.fixture
def started(monkeypatch):
    """Return the processes that are started, and let two processors be seen."""
    made, popen = [], subprocess.Popen

    def start(*arguments, **options):
        made.append(popen(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(compiling.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(compiling.subprocess, "Popen", start)
    return made


def test_what_the_cache_lacks_is_compiled_until_the_block_ends(started, monkeypatch):
    needed = ["metrics", "dense.forward"]
    for name in needed:
        network.prepare(name, "float64")
    monkeypatch.setattr(network, "is_kept", lambda name, dtype: name not in needed)
    with compiling.compile_nets_aside([NET, ON_CUDA]):
        (process,) = started
        names = json.dumps({"float64": needed})
        assert process.args == [sys.executable, "-c", compiling.CODE, names]
    assert process.returncode == 0


def test_an_interruption_ends_the_process(started, monkeypatch):
    monkeypatch.setattr(network, "is_kept", lambda name, dtype: False)
    monkeypatch.setattr(compiling, "CODE", "import time; time.sleep(600)")
    with pytest.raises(KeyboardInterrupt), compiling.compile_nets_aside([NET]):
        raise KeyboardInterrupt
    assert started[0].returncode not in (None, 0)


@pytest.mark.parametrize("pairs", [[], [ON_CUDA]])
def test_without_nets_on_the_cpu_nothing_is_started(started, pairs):
    with compiling.compile_nets_aside(pairs):
        assert not started


def test_what_was_compiled_is_found_in_the_cache(started):
    for name in network.names_of(NET.problem.net.operations, adjusts=False):
        network.prepare(name, "float64")
        assert network.is_kept(name, "float64")
    with compiling.compile_nets_aside([NET]):
        assert not started
