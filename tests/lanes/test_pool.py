"""Units compiled by several processes: all of them, once, and nobody left behind."""

import math
import mmap
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from optbench import waiting
from optbench.kernels.compiling import cache, entries, loading
from optbench.lanes import pool
from optbench.lanes.pool import Unit, compile_all
from tests import compile_caches

ROOT = Path(__file__).resolve().parents[2]
HERE = os.getpid()

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Return the folder of a fresh compile cache."""
    return compile_caches.fresh(tmp_path, monkeypatch)


@pytest.fixture
def begun(tmp_path):
    """Return what writes down who compiles a unit, and what reads it: (process, name)."""
    path = tmp_path / "begun"

    def write(name):
        with path.open("a") as file:
            file.write(f"{os.getpid()} {name}\n")

    def read():
        rows = [line.split() for line in path.read_text().splitlines()]
        return [(int(process), name) for process, name in rows]

    return write, read


def unit(number, seconds=1.0, before=lambda: None):
    """Return a unit that compiles a function of its own; it calls `before` where it has to."""
    build = compile_caches.adder(float(number))

    def compiled():
        try:
            with loading.only_loading():
                return build()
        except loading.NotKeptError:
            if loading.is_only_loading():
                raise
        before()
        return build()

    return Unit(f"unit{number}", seconds, number, compiled)


def entries_in(folder):
    return entries.usage(folder)[0]


def test_no_unit_is_taken_twice():
    """However fast several processes take them."""
    board = pool._Board([unit(0)] * 20_000)
    taken = np.frombuffer(mmap.mmap(-1, 3 * len(board.units)), np.uint8).reshape(3, -1)
    processes = []
    for own in taken:
        processes.append(os.fork())
        if not processes[-1]:
            while (number := board.next()) is not None:
                own[number] += 1
            os._exit(0)
    for process in processes:
        assert os.waitpid(process, 0)[1] == 0
    os.close(board.numbers)
    assert (taken.sum(axis=0) == 1).all()


def test_every_unit_is_compiled_once_and_handed_on(folder, begun):
    write, read = begun

    def slowly(name):
        return lambda: (write(name), time.sleep(0.1))

    units = [unit(i, before=slowly(f"unit{i}")) for i in range(8)]
    seconds = compile_all([*units, *units], 3)
    assert sorted(name for _, name in read()) == sorted(seconds) == [f"unit{i}" for i in range(8)]
    assert len({process for process, _ in read()}) == 3
    assert all(0.0 < spent < 60.0 for spent in seconds.values())
    assert entries_in(folder) == 8
    before = cache.COUNTS.copy()
    for i, each in enumerate(units):
        assert each.compile()(1.0) == 1.0 + i
    assert cache.COUNTS - before == {"loaded": 8}
    assert compile_all(units, 3) == {}


def test_the_longest_begin_first(begun):
    write, read = begun
    lengths = [0.3, 2.0, 1.0, 5.0]
    units = [unit(i, s, lambda i=i: write(f"unit{i}")) for i, s in enumerate(lengths)]
    compile_all(units, 1)
    assert read() == [(HERE, name) for name in ("unit3", "unit1", "unit2", "unit0")]


def test_no_more_processes_than_are_of_use(begun):
    """With one long unit all others are done by one other process before it ends."""
    write, read = begun
    units = [unit(0, 4.0, lambda: (write("unit0"), time.sleep(0.3)))]
    units += [unit(i, 1.0, lambda i=i: write(f"unit{i}")) for i in range(1, 5)]
    compile_all(units, 64)
    assert len({process for process, _ in read()}) == 2
    compile_all([unit(9, 1.0, lambda: write("unit9"))], 64)
    assert read()[-1] == (HERE, "unit9")


@pytest.mark.parametrize(
    ("seconds", "processes", "useful"),
    [
        ([5.0], 8, 1),
        ([5.0, 0.3, 0.3], 2, 1),  # half a second is not worth a process
        ([5.0, 5.0], 2, 2),
        ([5.0, 5.0], 1, 1),
        ([6.0, 4.0, 2.0], 8, 2),
        ([0.25] * 100, 4, 4),
    ],
)
def test_processes_have_to_save_time(seconds, processes, useful):
    assert pool._useful([unit(i, s) for i, s in enumerate(seconds)], processes) == useful


def test_outside_of_the_main_thread_no_process_is_begun(begun):
    write, read = begun
    units = [unit(i, before=lambda i=i: write(f"unit{i}")) for i in range(4)]
    thread = threading.Thread(target=compile_all, args=(units, 4))
    thread.start()
    thread.join()
    assert {process for process, _ in read()} == {HERE} and len(read()) == 4


def test_a_unit_that_fails_harms_no_other(folder):
    def fail():
        raise ValueError("wrong")

    units = [unit(i, before=fail if i == 1 else lambda: time.sleep(0.05)) for i in range(4)]
    seconds = compile_all(units, 2)
    assert [name for name, spent in seconds.items() if math.isnan(spent)] == ["unit1"]
    assert set(seconds) == {"unit0", "unit1", "unit2", "unit3"}
    assert entries_in(folder) == 3
    with pytest.raises(ValueError, match="wrong"):
        units[1].compile()


def test_a_killed_process_costs_its_unit_alone(folder):
    def die():
        time.sleep(0.2)
        if os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGKILL)

    units = [unit(i, 10.0 if i < 2 else 1.0, before=die) for i in range(6)]
    seconds = compile_all(units, 2)
    assert entries_in(folder) == 5 and sum(map(math.isnan, seconds.values())) == 1
    assert not list(folder.glob("*.tmp"))
    lost = [each for each in units if not pool.is_loaded(each)]
    assert len(lost) == 1 and lost[0].compile()(1.0) == 1.0 + lost[0].key
    assert entries_in(folder) == 6


def test_an_interruption_ends_all_processes(begun):
    write, read = begun

    def hang():
        write("unit")
        if os.getpid() != HERE:
            time.sleep(600.0)
        while len(read()) < 3:
            time.sleep(0.01)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compile_all([unit(i, before=hang) for i in range(3)], 3)
    for process in {process for process, _ in read()} - {HERE}:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_what_hangs_is_given_up(monkeypatch, folder):
    monkeypatch.setattr(pool, "LONGEST", 0.3)
    hang = lambda: time.sleep(0.1 if os.getpid() == HERE else 600.0)  # noqa: E731
    seconds = compile_all([unit(i, before=hang) for i in range(2)], 2)
    assert sum(map(math.isnan, seconds.values())) == 1
    assert entries_in(folder) == 1


def test_processes_die_with_the_one_that_began_them(tmp_path):
    script = textwrap.dedent("""
        import os, sys, time
        from optbench.kernels.compiling.loading import NotKeptError, is_only_loading
        from optbench.lanes.pool import Unit, compile_all

        def hang():
            if is_only_loading():
                raise NotKeptError
            with open(sys.argv[1], "a") as file:
                file.write(f"{os.getpid()}\\n")
            time.sleep(600.0)

        compile_all([Unit(str(i), 1.0, i, hang) for i in range(3)], 3)
    """)
    path, end = tmp_path / "processes", time.monotonic() + 60.0
    with subprocess.Popen([sys.executable, "-c", script, path], cwd=ROOT) as parent:
        while not path.exists() or path.read_text().count("\n") < 3:
            assert time.monotonic() < end and parent.poll() is None
            time.sleep(0.02)
        parent.kill()
    for process in map(int, path.read_text().split()):
        while Path(f"/proc/{process}").exists() and time.monotonic() < end:
            status = Path(f"/proc/{process}/status").read_text()
            if "State:\tZ" in status:  # dead, and nobody has asked yet
                break
            time.sleep(0.02)
        else:
            assert not Path(f"/proc/{process}").exists()


def test_what_compiles_is_named_wherever_it_does(begun):
    write, read = begun
    heard = []

    def meet(i):
        write(f"unit{i}")
        while len(read()) < 2:
            time.sleep(0.01)
        time.sleep(0.3 if os.getpid() != HERE else 0.0)

    units = [unit(i, before=lambda i=i: meet(i)) for i in range(2)]
    with waiting.redirect_to(heard.append):
        compile_all(units, 2)
    process_of = {process: name for process, name in read()}
    own = process_of.pop(HERE)
    (other,) = process_of.values()
    texts = heard[heard.index("compiling") + 1 :]
    first = {f"compiling {own} (1 of 2)", "compiling unit0 and 1 more (2 of 2)"}
    assert texts[0] in first and texts[-1] == f"compiling {other} (2 of 2)"
    heard.clear()
    with waiting.redirect_to(heard.append):
        compile_all(units, 2)
    assert not heard  # they are loaded, and nobody is told that they are compiled
