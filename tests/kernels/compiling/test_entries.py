"""The cache's folder: where it is, who may use it, how large it grows, what two processes see."""

import errno
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from optbench.errors import UserError
from optbench.kernels.compiling import entries

ROOT = Path(__file__).resolve().parents[3]
KEYS = [digit * 64 for digit in "0123456789abcdef"]


def names(folder):
    return {path.name[0] for path in folder.iterdir()}


def test_the_folder_is_found_and_made_private(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OPTBENCH_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("OPTBENCH_CACHE", raising=False)
    assert entries.location() == tmp_path / "home" / ".cache" / "optbench"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert entries.location() == tmp_path / "home" / ".cache" / "optbench"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert entries.location() == tmp_path / "xdg" / "optbench"
    assert stat.S_IMODE(entries.usable().stat().st_mode) == 0o700
    monkeypatch.setenv("OPTBENCH_CACHE_DIR", str(tmp_path / "named" / "deep"))
    assert entries.usable() == tmp_path / "named" / "deep"
    assert stat.S_IMODE(entries.usable().stat().st_mode) == 0o700


def no_home():
    raise RuntimeError("Could not determine home directory.")


def make_unusable(how, folder, monkeypatch):
    if how == "off":
        monkeypatch.setenv("OPTBENCH_CACHE", "off")
    elif how == "no home":
        monkeypatch.delenv("OPTBENCH_CACHE_DIR")
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.setattr(Path, "home", no_home)
    elif how == "below a file":
        folder.write_text("")
        monkeypatch.setenv("OPTBENCH_CACHE_DIR", str(folder / "below"))
    elif how == "a file":
        folder.write_text("")
    elif how == "not made":
        monkeypatch.setattr(os, "mkdir", read_only)
    elif how == "read-only":
        monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    elif how == "foreign":
        owner = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    elif how == "open":
        folder.mkdir()
        folder.chmod(0o755)


def read_only(*arguments, **options):
    raise OSError(errno.EROFS, "Read-only file system")


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("off", "OPTBENCH_CACHE=off"),
        ("no home", "no home folder"),
        ("below a file", "Not a directory"),
        ("a file", "File exists"),
        ("not made", "Read-only file system"),
        ("read-only", "cannot be written to"),
        ("foreign", "belongs to another user"),
        ("open", "open to others (mode 755): chmod 700"),
    ],
)
def test_without_a_private_folder_code_is_compiled_and_not_kept(
    build, folder, monkeypatch, how, reason
):
    make_unusable(how, folder, monkeypatch)
    with pytest.raises(entries.CacheOffError) as off:
        entries.usable()
    assert reason in str(off.value) and "\n" not in str(off.value)
    for _ in range(2):
        function, happened = build(lambda v: v + 1.5)
        assert (function(1.0), happened) == (2.5, "")
    assert not folder.is_dir() or not list(folder.iterdir())


def test_wrong_settings_are_told(monkeypatch):
    monkeypatch.setenv("OPTBENCH_CACHE", "of")
    with pytest.raises(UserError, match="OPTBENCH_CACHE=of: use on or off"):
        entries.usable()
    for text in ("many", "-1", "nan", "inf"):
        monkeypatch.setenv("OPTBENCH_CACHE_MB", text)
        with pytest.raises(UserError, match=f"OPTBENCH_CACHE_MB={text}: give a size in MiB"):
            entries.limit()


def test_a_full_disk_costs_the_entry_only(build, folder, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert build(lambda v: v + 1.5)[0](1.0) == 2.5
    assert list(folder.iterdir()) == []
    monkeypatch.setattr(tempfile, "mkstemp", full)
    assert build(lambda v: v + 1.5) and list(folder.iterdir()) == []


def test_the_least_recently_used_entries_go_first(folder, monkeypatch):
    place = entries.usable()
    for age, key in enumerate(KEYS[:6]):
        entries.write(place, key, b"x" * 1000)
        os.utime(place / (key + entries.SUFFIX), (1e9 + age, 1e9 + age))
    size = entries.usage(place)[1] // 6
    entries.read(place, KEYS[0])
    monkeypatch.setenv("OPTBENCH_CACHE_MB", str((4.5 * size) / entries.MIB))
    entries.write(place, KEYS[6], b"x" * 1000)
    assert names(place) == {"0", "4", "5", "6"}
    assert entries.usage(place) == (4, 4 * size)
    entries.write(place, KEYS[7], b"x" * 10_000)  # larger than all that is allowed
    assert names(place) == {"0", "4", "5", "6"}


def test_abandoned_files_are_swept_and_others_left_alone(folder):
    place = entries.usable()
    for name, age in (("unit-old.tmp", 7200), ("unit-new.tmp", 0), ("thesis.tex", 7200)):
        (place / name).write_text("text")
        os.utime(place / name, (os.path.getmtime(place) - age,) * 2)
    entries.write(place, KEYS[0], b"x")
    left = {"unit-new.tmp", "thesis.tex", KEYS[0] + entries.SUFFIX}
    assert {path.name for path in place.iterdir()} == left
    assert entries.clear(place)[0] == 1
    assert [path.name for path in place.iterdir()] == ["thesis.tex"]


HAMMER = """
import random, sys
from optbench.kernels.compiling import entries
place, draw = entries.usable(), random.Random(int(sys.argv[1]))
whole = 0
for _ in range(400):
    key = draw.choice("0123") * 64
    content = entries.read(place, key)
    if content is not None:
        assert content == bytes([content[0]]) * 20_000
        whole += 1
    entries.write(place, key, bytes([draw.randrange(256)]) * 20_000)
print(whole, entries.usage(place)[1] < 60_200)
"""


def test_processes_that_write_and_evict_at_once_read_whole_entries(folder, monkeypatch):
    monkeypatch.setenv("OPTBENCH_CACHE_MB", str(60_200 / entries.MIB))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER, str(seed)], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for seed in range(2)
    ]  # fmt: skip
    for process in processes:
        whole, bounded = process.communicate(timeout=120)[0].split()
        assert process.returncode == 0
        assert int(whole) > 100 and bounded == "True"
    assert not list(folder.glob("*.tmp"))
