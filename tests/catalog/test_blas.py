"""One thread of BLAS as long as anybody asks for it, and the kernels that numbers depend on."""

import os
import subprocess
import sys
import threading

import pytest
from threadpoolctl import ThreadpoolController

import optbench
from optbench.catalog import blas, solved
from optbench.catalog.blas import blas_kernels, one_blas_thread

CODE = """
import {first}
from optbench.catalog.blas import blas_kernels
print(blas_kernels())
"""


@pytest.fixture
def threads():
    """Return a function that says how many threads BLAS has; it begins with two."""
    import scipy.linalg  # noqa: F401  # so that its library is among those that are set

    libraries = ThreadpoolController()
    blas._libraries.cache_clear()

    def threads():
        return {one["num_threads"] for one in libraries.info() if one["user_api"] == "blas"}

    with libraries.limit(limits=2, user_api="blas"):
        yield threads
    blas._libraries.cache_clear()


def test_it_has_one_thread_until_the_last_of_several_is_done(threads):
    """Solvers of a study overlap in any order."""
    inside, leave, seen = threading.Event(), threading.Event(), []

    def solve():
        with one_blas_thread():
            inside.set()
            leave.wait(60.0)
            seen.append(threads())

    other = threading.Thread(target=solve)
    with one_blas_thread():
        other.start()
        assert inside.wait(60.0)
        seen.append(threads())
    seen.append(threads())
    leave.set()
    other.join()
    assert seen == [{1}] * 3 and threads() == {2}


def test_the_setting_is_given_back_when_something_raises(threads):
    with pytest.raises(ZeroDivisionError), one_blas_thread(), one_blas_thread():
        raise ZeroDivisionError
    assert threads() == {2}


def said(first, **environment):
    return subprocess.check_output(
        [sys.executable, "-c", CODE.format(first=first)], text=True,
        env={**os.environ, **environment},
    ).strip()  # fmt: skip


def test_kernels_are_named_whatever_is_loaded():
    assert said("math") == said("scipy.linalg") == blas_kernels()


def test_what_was_solved_with_other_kernels_is_solved_again(monkeypatch):
    problem, keys = optbench.problem("logistic_breast_cancer"), []
    for kernels in ("SkylakeX", "Haswell", "SkylakeX"):
        monkeypatch.setattr(solved, "blas_kernels", lambda kernels=kernels: kernels)
        solved._surroundings.cache_clear()
        keys.append(solved._key("reference value", problem))
    solved._surroundings.cache_clear()
    assert keys[0] == keys[2] != keys[1]
