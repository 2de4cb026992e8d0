"""Claims and their runs are listed, opened, and written down on pages."""

import json
import os
import re
import sys
from pathlib import Path

from click.testing import CliRunner

from docs import write_claims
from optbench.claims import keeping, page
from optbench.cli.main import main
from tests.claims.made_claims import run


def test_a_run_of_claims_is_listed_reported_and_opened(folder, tmp_path, monkeypatch):
    def call(*arguments):
        return CliRunner().invoke(main, list(arguments))

    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.chdir(tmp_path)
    out, older = Path("results", "mine"), Path("results", "older", "run.sqlite")
    older.parent.mkdir(parents=True)
    older.touch()
    os.utime(older, (1, 1))
    assert run("-k", "mine_", "--plugins", folder, "--out", out, "--threads", "1").exit_code == 0
    (listed,) = json.loads(call("list", "runs", "mine", "--json").stdout)["runs"]
    assert (listed["study"], listed["state"]) == ("claims", "2 verdicts: 2 supported")

    written = (out / keeping.PAGE).read_bytes()
    (out / keeping.PAGE).unlink()
    missing = call("open", "mine")
    assert missing.exit_code == 3 and f"`optbench report {out}` writes it" in missing.stderr
    said = json.loads(call("report", "mine", "--json").stdout)
    assert said["report"] == str(out / keeping.PAGE)
    assert (out / keeping.PAGE).read_bytes() == written
    opened = call("open")
    assert opened.stderr == f"optbench: the newest run, {out}\n"
    assert f"open {(out / keeping.PAGE).resolve()} in one" in opened.stdout
    assert call("report", "--out", "apart/page").exit_code == 0
    assert Path("apart", "page", keeping.PAGE).read_bytes() == written

    for command in (("export", "mine"), ("figures", str(out)), ("compare", "a", "b", "mine")):
        refused = call(*command)
        assert refused.exit_code == 3 and f"{out}: is a run of claims" in refused.stderr
    narrowed = call("report", "mine", "-p", "booth")
    assert narrowed.exit_code == 2 and "claims does not take --problem" in narrowed.stderr
    keeping.path_of(out, "mine_a").write_text("{")
    assert "mine_a.json: cannot be read" in call("list", "runs").stderr
    assert call("report", "mine").exit_code == 3
    os.utime(older)  # now the study is the newest
    assert call("open").stderr.startswith(f"optbench: the newest run, {older.parent}\n")
    keeping.path_of(older.parent, "x").parent.mkdir()
    keeping.path_of(older.parent, "x").write_text("{}")  # the study of a folder comes first
    assert f"report {older.parent}`" in call("open", "older").stderr


def test_page_and_table_show_every_claim_and_need_no_other_file(folder, tmp_path):
    run("-k", "mine_", "--plugins", folder, "--out", tmp_path / "out", "--threads", "1")
    text = (tmp_path / "out" / page.PAGE).read_text("utf-8")
    assert text.count("<article") == 2 and text.count("<svg") == 2
    assert "Is &lt;it&gt; so?" in text and "It is so &amp; stays so." in text
    assert not re.search(r"(src|href)=\"(?!#|data:)|<script|url\(|@import", text)
    rows = (tmp_path / "out" / page.TABLE).read_text().splitlines()
    assert rows[0] == "claim,source,verdict,effect,interval,stable,null,command"
    assert len(rows) == 3 and "optbench run claims -k mine_b" in rows[2]
    effect = rows[1].split(",")
    assert "first: ×2; second: ×2" in effect  # paired: the noise is the same in both arms
    assert "| It is so & stays so" in write_claims.text(tmp_path / "out").replace("\\", "")


def test_claims_are_listed_by_family():
    shown = CliRunner().invoke(main, ["list", "claims", "-k", "equal_weights"])
    assert shown.output.startswith("# initialisation\n")
    assert "\nequal_weights_stay_equal\tDoes training" in shown.output
    content = json.loads(CliRunner().invoke(main, ["list", "claims", "--json"]).stdout)
    assert {"name", "says", "source"} <= set(content[0])
