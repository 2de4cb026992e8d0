"""The playground is one file that loads nothing, and its parts fit together."""

import json
import re

import pytest
from click.testing import CliRunner

from optbench.cli.main import main
from optbench.errors import ResultsError
from optbench.report.playground import build


def test_it_loads_nothing_and_has_each_element_that_its_scripts_ask_for():
    page, scripts = build.page(), build.scripts()
    assert not re.findall(r"(?:src|href)=\"(?!data:)|https?://|import\(|fetch\(", page)
    asked = set(re.findall(r'find\("(\w+)"\)', scripts))
    assert asked and asked <= set(re.findall(r'id="([\w-]+)"', page))


def test_the_command_says_where_it_is(tmp_path):
    done = CliRunner().invoke(main, ["playground", "--out", str(tmp_path / "p.html"), "--json"])
    assert json.loads(done.stdout) == {"page": str(tmp_path / "p.html")}
    assert (tmp_path / "p.html").read_text(encoding="utf-8") == build.page()


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="cannot be written"):
        build.write(tmp_path / "file" / "page.html")
