"""Actions in a forked process: what comes back of them."""

import faulthandler
import io
import time

import pytest

from optbench.define import apart
from optbench.define.limits import Limits, limited
from optbench.errors import UserCodeError, UserError


def raise_(error):
    raise error


def test_a_result_comes_back():
    assert apart.result_of(lambda: {"a": [1, 2.5]}, "own.py") == {"a": [1, 2.5]}


def test_a_refusal_is_raised_again_with_its_words():
    with pytest.raises(UserError, match="no such thing"):
        apart.result_of(lambda: raise_(UserError("no such thing")), "own.py")


def test_other_errors_name_whose_code_it_was():
    with pytest.raises(UserCodeError, match="own.py: ZeroDivisionError: division by zero"):
        apart.result_of(lambda: 1 / 0, "own.py")


def test_a_watchdog_of_the_caller_hangs_nothing(tmp_path):
    """A fork has no thread of `dump_traceback_later`, which pytest's faulthandler_timeout is."""
    with open(tmp_path / "log", "w") as log, limited(Limits.checked(5.0, None)):
        faulthandler.dump_traceback_later(60.0, file=log)
        try:
            assert apart.result_of(lambda: 1, "own.py") == 1
        finally:
            faulthandler.cancel_dump_traceback_later()


def test_what_hangs_is_ended_and_says_where():
    began = time.monotonic()
    with (
        limited(Limits.checked(0.5, None)),
        pytest.raises(UserCodeError, match=r"own.py: no result in 0.5 s .*test_apart.py:\d+"),
    ):
        apart.result_of(lambda: time.sleep(60.0), "own.py")
    assert time.monotonic() - began < 30.0


def test_where_a_process_was_is_told_without_how_python_imports():
    said = (
        b"Timeout (0:00:08)!\n"
        b'  File "<frozen importlib._bootstrap>", line 241 in _call_with_frames_removed\n'
        b'  File "/own/mine.py", line 7 in slow\n'
    )
    log = io.BytesIO(said)
    log.seek(0, io.SEEK_END)
    assert apart.trace_in(log) == 'Timeout (0:00:08)!\n  File "/own/mine.py", line 7 in slow\n'
