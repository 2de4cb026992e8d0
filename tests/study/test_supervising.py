"""A worker answers, passes on what is raised, and is replaced when it has ended."""

import importlib.util
import os
import signal
import threading
import time

import pytest

from optbench.define.limits import Limits
from optbench.errors import UserCodeError
from optbench.study.study_run import StoppedError
from optbench.study.supervising import Worker, worker

WAIT = {"limits": Limits(), "seconds": 60.0}


@pytest.fixture(scope="module")
def own():
    own = Worker(500.0)
    yield own
    own.close()


def test_a_worker_is_another_process_and_stays_the_same(own):
    process = own.call(os.getpid, **WAIT)
    assert process != os.getpid() and own.call(os.getpid, **WAIT) == process


def test_what_is_raised_comes_with_its_traceback_and_ends_nothing(own):
    process = own.call(os.getpid, **WAIT)
    with pytest.raises(UserCodeError, match="^ValueError: invalid literal") as raised:
        own.call(int, "one", **WAIT)
    assert "ValueError" in raised.value.trace and own.call(os.getpid, **WAIT) == process


def test_files_and_modules_are_found_where_the_caller_finds_them_now(own, tmp_path, monkeypatch):
    process = own.call(os.getpid, **WAIT)
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "of_the_caller.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "modules")
    assert own.call(os.getcwd, **WAIT) == str(tmp_path)
    found = own.call(importlib.util.find_spec, "of_the_caller", **WAIT)
    assert found.origin == str(tmp_path / "modules" / "of_the_caller.py")
    assert own.call(os.getpid, **WAIT) == process


def test_one_that_was_killed_while_nobody_used_it_is_replaced(own):
    process = own.call(os.getpid, **WAIT)
    os.kill(process, signal.SIGKILL)
    time.sleep(1.0)
    assert own.call(os.getpid, **WAIT) != process


def test_a_call_ends_when_nobody_waits_for_it_any_more(own):
    stop, began = threading.Event(), time.monotonic()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(StoppedError):
        own.call(time.sleep, 1e6, stop=stop, **WAIT)
    assert time.monotonic() - began < 30.0


def test_workers_are_lent_to_one_at_a_time():
    with worker(500.0) as first, worker(500.0) as second, worker(600.0) as third:
        assert len({first, second, third}) == 3
    with worker(500.0) as again:
        assert again in (first, second)
