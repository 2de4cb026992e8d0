"""Whether a folder has changed: told by content, however fast it was edited."""

import os

from optbench.define.folder_states import forget_bytecode, state_of


def test_an_edit_of_the_same_size_in_the_same_moment_is_seen(tmp_path):
    path = tmp_path / "_scale.py"
    states = []
    for number in (1, 2, 1):
        path.write_text(f"SCALE = {number}\n")
        os.utime(path, ns=(0, 10**18 + number))  # long ago: what was read may be kept
        states += [state_of(tmp_path), state_of(tmp_path)]
    assert states[0] == states[1] == states[4] == states[5] != states[2] == states[3]


def test_a_file_that_was_just_written_is_read_anew_whatever_its_time(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("A = 1\n")
    now = path.stat().st_mtime_ns
    before = state_of(tmp_path)
    path.write_text("A = 2\n")
    os.utime(path, ns=(now, now))
    assert state_of(tmp_path) != before


def test_what_is_no_code_and_what_is_missing_count_for_nothing(tmp_path):
    (tmp_path / "mine.py").write_text("A = 1\n")
    before = state_of(tmp_path)
    (tmp_path / "notes.txt").write_text("none\n")
    assert state_of(tmp_path) == before
    (tmp_path / "folder.py").mkdir()
    assert state_of(tmp_path) != before  # a name that may become a file
    assert state_of(tmp_path / "nowhere") == state_of(tmp_path / "elsewhere")


def test_bytecode_is_removed(tmp_path):
    import py_compile

    (tmp_path / "mine.py").write_text("A = 1\n")
    file = py_compile.compile(str(tmp_path / "mine.py"))
    forget_bytecode(tmp_path.glob("*.py"))
    assert not os.path.exists(file)
    forget_bytecode(tmp_path.glob("*.py"))
