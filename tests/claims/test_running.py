"""Claims run, are kept, are resumed after a kill, and are written down."""

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import optbench
from optbench.claims import finding, keeping
from optbench.cli.main import main
from optbench.errors import ResultsError
from optbench.study import merging
from optbench.study.results import FILE
from tests.claims.made_claims import CLAIM, HEAD, own, run


def runs_of(folder):
    """Return how often each claim's function was called."""
    lines = (folder / "log.txt").read_text().split()
    return {name: lines.count(name) for name in set(lines)}


def test_verdicts_are_printed_and_kept_and_not_run_again(folder, tmp_path):
    out = tmp_path / "out"
    first = run("-k", "mine_", "--plugins", folder, "--out", out, "--threads", "1")
    assert first.exit_code == 0, first.output
    assert "mine_a: supported" in first.output and "2 verdicts: 2 supported" in first.output
    calls = runs_of(folder)
    assert calls == {"mine_a": 18, "mine_b": 18}  # three seeds, two settings, two arms and the null
    again = run("-k", "mine_a", "--plugins", folder, "--out", out, "--threads", "1", "--json")
    assert json.loads(again.stdout)["claims"][0]["verdict"] == "supported"
    assert runs_of(folder) == calls
    assert run("-k", "mine_a", "--seed", "2", "--plugins", folder, "--out", out).exit_code == 0
    assert runs_of(folder)["mine_a"] == 36
    (folder / "own_claims.py").write_text((folder / "own_claims.py").read_text() + "# changed\n")
    assert run("-k", "mine_b", "--plugins", folder, "--out", out).exit_code == 0
    assert runs_of(folder)["mine_b"] == 36


def test_processes_give_the_same_results_as_one(folder, tmp_path):
    results = []
    for threads in ("1", "2"):
        out = tmp_path / threads
        shown = run("-k", "mine_", "--plugins", folder, "--out", out, "--threads", threads)
        assert shown.exit_code == 0, shown.output
        results.append(keeping.read_all(out))
        for facts in results[-1]:
            facts.pop("seconds")
    assert results[0] == results[1]


def test_one_that_fails_is_named_and_harms_no_other(tmp_path):
    mine = own(tmp_path / "mine", fails="1 / 0", works="pass")
    for threads in ("1", "2"):
        out = tmp_path / threads
        shown = run("-k", "own_claims", "--plugins", mine, "--out", out, "--threads", threads)
        assert shown.exit_code == 1
        assert "fails: ZeroDivisionError: division by zero" in shown.output
        assert "1 claim failed: fails" in shown.output
        assert [facts["name"] for facts in keeping.read_all(out)] == ["works"]


def test_what_has_finished_survives_a_kill_and_is_not_run_again(tmp_path):
    wait = "(Path(__file__).parent / 'go').exists() or time.sleep(60)"
    mine, out = own(tmp_path / "mine", quick="pass", slow=wait), tmp_path / "out"
    command = [
        sys.executable, "-m", "optbench", "run", "claims", "-k", "own_claims", "--plugins",
        str(mine), "--out", str(out), "--threads", "2",
    ]  # fmt: skip
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kept = keeping.path_of(out, "quick")
    deadline = time.monotonic() + 120
    while not kept.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    started.kill()  # its processes end with it
    started.wait()
    time.sleep(0.5)
    assert not _alive(str(out))
    assert kept.exists() and not keeping.path_of(out, "slow").exists()
    calls = runs_of(mine)["quick"]
    (mine / "go").touch()
    shown = run("-k", "own_claims", "--plugins", mine, "--out", out, "--threads", "1")
    assert shown.exit_code == 0, shown.output
    assert runs_of(mine) == {"quick": calls, "slow": 18}


def test_neither_is_run_into_the_folder_of_the_other(tmp_path):
    """The page of claims would lie beside that of the study, and no command would find both."""
    of_study, of_claims = tmp_path / "study", tmp_path / "claims"
    (of_study).mkdir()
    (of_study / FILE).write_bytes(b"")
    refused = run("-k", "relu", "--out", of_study)
    assert refused.exit_code == 3
    assert f"{of_study}: holds the results of a study, and claims were asked" in refused.output
    assert [path.name for path in of_study.iterdir()] == [FILE]
    keeping.path_of(of_claims, "one").parent.mkdir(parents=True)
    keeping.path_of(of_claims, "one").write_text("{}")
    refused = CliRunner().invoke(main, ["run", "quick", "--out", str(of_claims)])
    assert refused.exit_code == 3
    assert f"{of_claims}: holds results of claims, and a study was asked" in refused.output
    for into in (
        lambda: optbench.run("quick", of_claims),
        lambda: merging.merge([tmp_path / "a", tmp_path / "b"], of_claims),
    ):
        with pytest.raises(ResultsError, match="holds results of claims"):
            into()
    assert [path.name for path in of_claims.iterdir()] == ["claims"]


def test_a_file_of_claims_that_is_edited_is_read_again(tmp_path):
    mine = own(tmp_path / "mine", first="pass")
    assert "second" not in finding.claims([mine])
    (mine / "own_claims.py").write_text(HEAD + CLAIM.format(name="second", before="pass"))
    assert "second" in finding.claims([mine]) and "first" not in finding.claims([mine])


def _alive(word):
    """Return the processes whose command line has a word."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            lines.append(path.read_bytes())
    return [line for line in lines if word.encode() in line]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["claims", "-o", "adam"], "run claims does not take --optimizer"),
        (["claims", "--steps", "9"], "run claims does not take --steps"),
        (["quick", "-k", "adam"], "-k is for `run claims`"),
        (["quick", "--seed", "2"], "--seed is for `run claims`"),
        (["claims", "-k", "nonsense"], "no claim matches 'nonsense'"),
    ],
)
def test_what_is_asked_for_wrongly_is_told(arguments, message):
    shown = CliRunner().invoke(main, ["run", *arguments])
    assert shown.exit_code == 2 and message in shown.output


def test_a_damaged_result_is_told_with_its_file(folder, tmp_path):
    keeping.path_of(tmp_path, "mine_a").parent.mkdir()
    keeping.path_of(tmp_path, "mine_a").write_text("{")
    shown = run("-k", "mine_a", "--plugins", folder, "--out", tmp_path)
    assert shown.exit_code == 3 and "mine_a.json: cannot be read" in shown.output
    with pytest.raises(ResultsError, match="holds no results of claims"):
        keeping.read_all(tmp_path / "nowhere")


def test_infinite_effects_are_kept(tmp_path):
    folder = tmp_path / "run"  # not one that a list of the runs beside this would show
    facts = dict.fromkeys(keeping.NEEDED, "a") | {
        "effect": float("inf"),
        "list": [float("-inf"), 1.0, "text"],
    }
    keeping.write(folder, facts)
    assert keeping.read(folder, "a") == facts
    json.loads(keeping.path_of(folder, "a").read_text(), parse_constant=pytest.fail)


def test_a_new_claim_runs_as_it_is(tmp_path):
    made = CliRunner().invoke(main, ["new", "claim", "my_claim", "--folder", str(tmp_path)])
    assert made.exit_code == 0 and "run claims -k my_claim --plugins" in made.output
    shown = run("-k", "my_claim", "--plugins", tmp_path, "--out", tmp_path / "out")
    assert shown.exit_code == 0, shown.output
    (facts,) = keeping.read_all(tmp_path / "out")
    assert set(facts["curves"]) == {"a valley", "a bowl"}
    for name in ("my_claim", "claim", "Bad", "equal_weights_stay_equal"):
        again = CliRunner().invoke(main, ["new", "claim", name, "--folder", str(tmp_path)])
        assert again.exit_code == 2, name


def test_the_shipped_claims_lie_in_the_package_of_a_wheel():
    setup = (Path(__file__).parents[2] / "setup.py").read_text()
    assert '"optbench_claims": "claims"' in setup


def test_results_of_another_format_are_run_again(tmp_path):
    folder = tmp_path / "run"  # not one that a list of the runs beside this would show
    keeping.write(folder, dict.fromkeys(keeping.NEEDED, "a"))
    path = keeping.path_of(folder, "a")
    path.write_text(path.read_text().replace(f'"format": {keeping.FORMAT}', '"format": 0'))
    assert keeping.read(folder, "a") is None
    with pytest.raises(ResultsError, match="that this version of optbench can read"):
        keeping.read_all(folder)
    path.write_text("[]")
    with pytest.raises(ResultsError, match=r"cannot be read \(it is no result of a claim\)"):
        keeping.read(folder, "a")
    path.write_text(f'{{"format": {keeping.FORMAT}, "name": "a"}}')
    with pytest.raises(ResultsError, match="cannot be read .it lacks family, kind"):
        keeping.read(folder, "a")
