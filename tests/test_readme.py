"""What the README and the pages of docs say is so: counts, figures, and the files they name."""

import re
import subprocess
import sys
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import optbench
from docs import write_speeds
from optbench.catalog import finding
from optbench.claims import finding as claims
from optbench.cli.checks import optimizers
from optbench.cli.main import main
from optbench.define.definitions import NetDefinition
from optbench.perturbations.catalog import PERTURBATIONS
from optbench.report.statistics.intervals import wilson_intervals
from optbench.rules.schedules import SCHEDULES
from optbench.rules.wrappers_before import WRAPPERS
from tests.shown import PAGES, ROOT, blocks

README = ROOT / "README.md"
TEXT = README.read_text("utf-8")
FAQ = (ROOT / "docs" / "faq.md").read_text("utf-8")
PLACE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/[\w.-]*|[\w-]+\.(?:py|md|toml))`")
"""A file or a folder, as text names it."""
LINK = re.compile(r"\]\(([^)#:]+)(?:#([^)]+))?\)")
LINKED = re.compile(r"\[`[^\]]*\](?=\()")
"""What is linked to, which need not be named from the root."""
OF_A_RUN = re.compile(r"\.benchmarks/.*|results/.*|report/index\.html|figures/|tables/.*")
"""What is named and lies in the folders of runs."""
OF_A_READER = re.compile(r"(problems|claims)/(my_\w+|trees)?(\.py)?|my_\w+\.toml")
"""What a reader is told to write."""


def saved(page, name, folder):
    """Save the block of a page that is to be called so; return its folder."""
    (block,) = [b for b in blocks(ROOT / page) if b.file and b.file.endswith(name)]
    (folder / name).write_text(block.text)
    return folder


def test_the_problem_shown_is_found_and_solved(tmp_path):
    folder = saved("README.md", "my_bowl.py", tmp_path)
    problem = optbench.problem(finding.definition("my_bowl", (folder,)))
    assert problem.value(problem.minimum) == problem.f_min
    assert optbench.minimize("adam", problem, steps=500, lr=0.1).best[0] < 1e-6


def test_the_optimizer_shown_is_found_and_keeps_the_laws(tmp_path):
    folder = saved("README.md", "my_momentum.py", tmp_path)
    mine = optbench.optimizer("my_momentum[momentum=0.5]", [folder])
    assert not optimizers.report(mine).failed
    assert optbench.minimize(mine, "rosenbrock", steps=2000, lr=1e-3).best[0] < 1e-2


def test_the_search_ranges_shown_are_those_declared(tmp_path):
    page = ROOT / "docs" / "add_a_rule.md"
    (block,) = [block for block in blocks(page) if "def my_adagrad" in block.text]
    (tmp_path / "mine.py").write_text(block.text)
    mine = optbench.optimizer("my_adagrad", [tmp_path])
    searches = {name: allowed.search for name, allowed in mine.hyper.items()}
    assert (searches["lr"].low, searches["lr"].high) == pytest.approx((1e-5, 10.0))
    assert str(searches["momentum"]) == "[0.5, 0.999]" and searches["power"].scale == "linear"


def test_settings_in_a_table_mean_the_same(tmp_path):
    (table,) = re.findall(
        r"^ {4}(\{ name = \"adam\".*\})$",
        (ROOT / "docs" / "add_a_wrapper.md").read_text("utf-8"),
        re.MULTILINE,
    )
    path = tmp_path / "mine.toml"
    path.write_text(f'optimizers = [{table}]\nproblems = ["booth"]\n')
    written = optbench.Study.from_toml(path).optimizers[0]
    bracketed = optbench.optimizer("adam[lr=1e-2,schedule=cosine,warmup=0.1,clip_norm=1]")
    assert optbench.optimizer(written).given == bracketed.given


def test_the_interval_of_all_lanes_is_as_is_said():
    _, low, high = wilson_intervals(20, 20)
    page = (ROOT / "docs" / "figures_of_merit.md").read_text("utf-8")
    assert f"100 % of 20 lanes is [{100 * low:.0f}, {100 * high:.0f}] %" in page


def test_figures_worked_by_hand_come_out_as_is_said(capsys):
    (block,) = blocks(ROOT / "docs" / "figures_of_merit.md")
    exec(block.text)
    printed = [float(line) for line in capsys.readouterr().out.split()]
    by_hand = re.findall(r"# .* = ([\d.]+)", block.text)
    assert printed == pytest.approx([float(text) for text in by_hand], abs=0.05)
    assert len(printed) == 2


@pytest.mark.conformance
def test_the_first_lines_shown_are_those_printed(tmp_path):
    run = ["run", "quick", "-p", "rosenbrock", "--out", str(tmp_path / "run")]
    printed = CliRunner().invoke(main, run).stdout
    page = (ROOT / "docs" / "first_run.md").read_text("utf-8")
    (shown,) = re.findall(r"^ +(adam .* median gap .*)$", page, re.MULTILINE)
    assert " ".join(shown.split()) in " ".join(printed.split())


def test_the_readme_is_short():
    assert TEXT.count("\n") <= 150


def said(pattern, text=TEXT):
    """Return the number that a text says; it says it once."""
    (number,) = re.findall(pattern, text)
    return int(number.replace(",", ""))


def test_what_there_is_is_counted_right():
    problems = optbench.problems().values()
    nets = sum(isinstance(definition, NetDefinition) for definition in problems)
    text = " ".join(TEXT.split())
    assert said(r"(\d+) update rules", text) == len(optbench.optimizers())
    assert said(r"(\d+) wrappers", text) == len(WRAPPERS)
    assert said(r"(\d+) schedules", text) == len(SCHEDULES)
    assert said(r"(\d+) surfaces", text) == len(problems) - nets
    assert said(r"(\d+) nets", text) == nets
    assert said(r"(\d+) perturbations", text) == len(PERTURBATIONS)
    assert said(r"(\d+) claims", text) == len(claims.claims())


def test_the_speeds_are_written_by_their_command():
    """And a ratio is that of the times beside it, as far as their digits tell."""
    (shown,) = write_speeds.PLACE.findall(TEXT)
    rows = re.findall(
        r"^\| (.+?) \| ([\d.,]+) ns \| ([\d.,]+) ns \| ([\d.,]+) \|$", shown, re.MULTILINE
    )
    assert [name for name, *_ in rows] == [peer.text for peer in write_speeds.PEERS]
    head = write_speeds.text([], "WHERE").split("\n\n")[0].split()
    words = shown.split("\n\n")[0].split()
    before, after = head.index("WHERE"), len(head) - head.index("WHERE") - 1
    assert words[:before] == head[:before] and words[-after:] == head[-after:]
    for _, *texts in rows:
        ours, theirs, ratio = (float(text.replace(",", "")) for text in texts)
        assert ratio == pytest.approx(theirs / ours, rel=0.06)


@pytest.mark.conformance
def test_the_rows_of_speeds_are_rows_of_make_perf():
    """In a process of its own: contenders set up torch and JAX as they need them."""
    code = (
        "from tests.benchmarks.peers_{} import cases; print(*[c.name for c in cases()], sep='\\n')"
    )
    for part in {peer.part for peer in write_speeds.PEERS}:
        names = subprocess.check_output(
            [sys.executable, "-c", code.format(part)], cwd=ROOT, text=True
        ).splitlines()
        assert {peer.name for peer in write_speeds.PEERS if peer.part == part} <= {*names}


def stored(study):
    return pd.read_csv(ROOT / "results" / "baseline" / study / "convergence.csv")


def test_the_answers_are_those_of_the_stored_studies():
    table, text = stored("default"), " ".join(FAQ.split())
    ranked = table[table["ranked_by"] == "evaluations"]
    elsewhere = table[~table["label"].isin(ranked["label"])]
    best = pd.concat([ranked, elsewhere]).sort_values("objective").groupby("label").first()
    leads = best["optimizer"].value_counts()
    assert said(r"tuned, (\d+) of 14 optimizers are the best", text) == len(leads)
    assert said(r"most often leads on (\d+)", text) == leads.max()
    assert (table["label"].nunique(), table["optimizer"].nunique()) == (36, 14)
    assert (
        said(r"to the target in (\d+) of 473", text)
        == (table["default_success_share"] >= 0.5).sum()
    )
    assert said(r"the tuned one in (\d+)", text) == (table["success_share"] >= 0.5).sum()
    assert said(r"In (\d+) pairs the default", text) == table["default_wins"].sum()
    assert len(table) == 473


def test_the_orders_that_change_are_counted_right():
    """Pairs of optimizers on a problem, which both studies rank by what a success costs."""
    keys = ["label", "optimizer"]
    both = stored("default").merge(stored("tuned"), on=keys, suffixes=("_rate", "_all"))
    for end in ("_rate", "_all"):
        both = both[
            (both["ranked_by" + end] == "evaluations") & np.isfinite(both["objective" + end])
        ]
    signs = [
        np.sign([a[0] - b[0], a[1] - b[1]])
        for _, own in both.groupby("label")
        for a, b in combinations(own[["objective_rate", "objective_all"]].to_numpy(), 2)
    ]
    decided = [pair for pair in signs if pair.all()]
    text = " ".join(FAQ.split())
    assert said(r"in [\d,]+ of ([\d,]+) cases", text) == len(decided)
    assert said(r"in ([\d,]+) of [\d,]+ cases", text) == sum(a != b for a, b in decided)


def test_one_tuned_is_set_against_all_by_default_as_is_said():
    """By the share of lanes that reach the target."""
    table, text = stored("default"), " ".join(FAQ.split())
    tuned = table[table["optimizer"] == "adam"].set_index("label")["success_share"]
    best = table.groupby("label")["default_success_share"].max().reindex(tuned.index)
    assert said(r"the tuned `adam` brings more lanes to the target on (\d+)", text) == (
        (tuned > best).sum()
    )
    assert said(r"the best default on (\d+)", text) == (tuned < best).sum()


def test_the_rules_are_proven_as_often_as_is_said():
    table = pd.read_csv(ROOT / "optbench" / "report" / "conformance.csv")
    text = " ".join(FAQ.split())
    assert said(r"All (\d+) are run beside", text) == table["rule"].nunique()
    assert said(r"in (\d+) configurations", text) == len(table)
    assert (table["max_error"] <= table["tolerance"]).all() and (table["steps"] == 1000).all()


def anchors(path):
    """Return the anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}


def test_links_and_names_of_files_are_found():
    """Pages may have none, and the tests below look at what is found."""
    texts = [page.read_text("utf-8") for page in PAGES]
    assert sum(len(LINK.findall(text)) for text in texts) > 100
    assert sum(len(PLACE.findall(LINKED.sub("", text))) for text in texts) > 100


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link, anchor in LINK.findall(page.read_text("utf-8")):
        target = page.parent / link
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), f"{link}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_named_exist(page):
    text = LINKED.sub("", page.read_text("utf-8"))
    roots = (page.parent, ROOT, ROOT / "optbench", ROOT / "optbench" / "kernels")
    for name in PLACE.findall(text):
        elsewhere = OF_A_RUN.fullmatch(name) or OF_A_READER.fullmatch(name)
        assert elsewhere or any((root / name).exists() for root in roots), name
