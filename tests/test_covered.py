"""The table of `make coverage` adds up what coverage.py counted."""

import pytest

from tests import covered


def file(total, ran):
    return {
        "summary": {"num_statements": total, "covered_lines": ran, "missing_lines": total - ran}
    }


FILES = {
    "optbench/errors.py": file(10, 10),
    "optbench/rules/adam.py": file(30, 27),
    "optbench/rules/references/deep.py": file(10, 9),
    "optbench/kernels/cpu/launch.py": file(50, 40),
}


def test_files_are_added_up_by_room():
    rooms = covered.by_room({"files": FILES})
    assert rooms == {"(top)": (10, 10), "kernels": (50, 40), "rules": (40, 36)}


@pytest.mark.parametrize(("ran", "status"), [(14, 0), (13, 1)])
def test_below_ninety_percent_it_fails(ran, status, monkeypatch, capsys):
    """Of the 50 statements above beside the last file 46 ran: 90 of 100 in all, or 89."""
    files = {**FILES, "optbench/kernels/cpu/launch.py": file(50, 30 + ran)}
    monkeypatch.setattr(covered, "measured", lambda: {"files": files})
    assert covered.main() == status
    said = capsys.readouterr().out
    assert ("less than 90 %" in said) == bool(status)
    assert f"{50 - 30 - ran:5d} statements not run in optbench/kernels/cpu/launch.py" in said
