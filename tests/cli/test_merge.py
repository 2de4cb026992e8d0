"""`optbench merge` joins runs and writes a page, or says why not."""

from optbench.cli.exit_codes import RESULTS, USAGE
from optbench.study.invocation import compute
from tests.command_line import call
from tests.faults.runs import study


def test_parts_become_a_run_with_a_page_and_what_overlaps_is_refused(tmp_path):
    parts = [tmp_path / "a", tmp_path / "b"]
    compute(study(), parts[0], threads=1)
    compute(study(problems=[{"name": "booth"}]), parts[1], threads=1)
    done = call("merge", *parts, "--out", tmp_path / "both")
    assert done.exit_code == 0 and str(tmp_path / "both" / "report" / "index.html") in done.output
    page = (tmp_path / "both" / "report" / "index.html").read_text()
    assert "booth (d=2)" in page and "sphere (d=2)" in page
    again = call("merge", *parts, "--out", tmp_path / "both")
    assert again.exit_code == RESULTS and "holds a run already" in again.output
    twice = call("merge", parts[0], tmp_path / "both", "--out", tmp_path / "more")
    assert twice.exit_code == USAGE and "both have gd[lr=0.1] on sphere (d=2)" in twice.output
