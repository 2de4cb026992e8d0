"""The generated pages show everything that there is, and every link leads somewhere."""

import fnmatch
import re
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import numpy as np
import pytest
from markdown_it import MarkdownIt

import optbench
from docs.pages import (
    links,
    markdown,
    nets,
    optimizers,
    reference,
    schedule_pictures,
    sources,
    surfaces,
    trajectories,
    writing,
)
from optbench.catalog import finding
from optbench.define.definitions import NetDefinition
from optbench.perturbations.catalog import PERTURBATIONS
from optbench.report import conformance
from optbench.rules import registry
from optbench.rules.schedules import SCHEDULES
from optbench.rules.wrappers_before import WRAPPERS

DOCS = Path(__file__).parents[2] / "docs"
WRITTEN = {path.relative_to(DOCS).as_posix(): path.read_text("utf-8")
           for folder in (DOCS, DOCS / "examples") for path in folder.glob("*.md")}  # fmt: skip
LINK = re.compile(r"\[[^\]]*\]\(([^)\s:]*)\)")
TOCTREE = re.compile(r"```\{toctree\}\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def generated():
    return writing.pages()


def text_below(generated, folder):
    return "\n".join(text for name, text in generated.items() if name.startswith(f"{folder}/"))


def headings(text):
    """Return the headings of a page, those in code left out."""
    return re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)


def anchors(text):
    """Return the anchors of a page as code hosts make them."""
    plain = (re.sub(r"[`*]|\\(?=\W)", "", heading).lower() for heading in headings(text))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        (optimizers.FOLDER, [*registry.optimizers(), *SCHEDULES, *(w.name for w in WRAPPERS)]),
        (surfaces.FOLDER, [
            name for name, one in finding.problems().items() if not isinstance(one, NetDefinition)
        ]),
        (f"{surfaces.FOLDER}/perturbations.md", [one.name for one in PERTURBATIONS]),
        (nets.FOLDER, [
            name for name, one in finding.problems().items() if isinstance(one, NetDefinition)
        ]),
    ],
    ids=["optimizers", "surfaces", "perturbations", "nets"],
)  # fmt: skip
def test_every_name_has_one_section_in_its_gallery(generated, folder, names):
    pages = [
        text for name, text in generated.items()
        if name.startswith(folder) and (name == folder or "perturbations" not in name)
    ]  # fmt: skip
    found = [heading for text in pages for heading in headings(text)]
    assert {name: found.count(name) for name in names} == dict.fromkeys(names, 1)


def test_a_rule_is_shown_with_its_code_its_defaults_and_its_proofs(generated):
    text = generated["catalog/optimizers/adaptive.md"]
    section = text.partition("\n## adam\n")[2].partition("\n## ")[0]
    assert "return x - lr * c1 * m / root, m, v" in section
    assert "def _(t, beta1, beta2, eps_in_sqrt):" in section  # the uniform part, too
    assert re.search(r"^\| `beta2` \| 0\.999 \|", section, re.M)
    references = {row["reference"] for row in conformance.summary(["adam"])}
    assert references and all(f"| {markdown.cell(name)} |" in section for name in references)
    # What its formula calls stands at the end of the page: once, for all rules.
    assert text.count("def next_moments(") == 1


def test_every_rule_with_a_proof_shows_it(generated):
    proven = {row["rule"] for row in conformance.stored()}
    text = text_below(generated, optimizers.FOLDER)
    assert text.count("| proven against |") == len(proven & set(registry.optimizers())) > 90


def test_the_references_have_every_public_name_and_command(generated):
    for name in optbench.__all__:
        if name != "nets":
            assert f":: optbench.{name}\n" in generated["reference/optbench.md"]
    for name in optbench.define.__all__:
        assert f":: optbench.define.{name}\n" in generated["reference/optbench.define.md"]
    shown = headings(generated["reference/commands.md"])
    assert {"`optbench run`", "`optbench list optimizers`", "`optbench check`"} <= set(shown)
    assert "--scheduler" in generated["reference/commands.md"]
    assert len(shown) == 1 + len([*reference.commands()])


def test_every_page_is_in_the_contents_that_llms_txt_lists(generated):
    pages = {name.removesuffix(".md") for name in {**WRITTEN, **generated}} - {"project/readme"}
    reached, waiting = set(), ["index"]
    while waiting:
        if (page := waiting.pop()) not in reached:
            reached.add(page)
            waiting += below(page, {**WRITTEN, **generated}[f"{page}.md"], pages)
    assert pages - reached == set()


def below(page, text, pages):
    """Yield the pages that the contents of a page name."""
    for entry in "\n".join(TOCTREE.findall(text)).splitlines():
        if entry and not entry.startswith(":"):
            name = (PurePosixPath(page).parent / entry).as_posix()
            found = [one for one in fnmatch.filter(pages, name) if one != page]
            assert found, entry
            yield from found


def test_every_link_leads_to_a_page_or_a_file_and_its_anchor(generated):
    pages = {**WRITTEN, **generated}
    broken = []
    for name, text in pages.items():
        text = text if name in generated else links.within(
            text, PurePosixPath("docs", name).parent, generated
        )  # fmt: skip
        for target in LINK.findall(re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)):
            if not leads(name, target, pages):
                broken.append((name, target))
    assert broken == []


def leads(name, target, pages):
    path, _, anchor = target.partition("#")
    folder = PurePosixPath("docs") if name == links.FRONT else PurePosixPath("docs", name).parent
    place = path[1:] if path.startswith("/") else links._normal(folder / path)[len("docs/") :]
    place = name if not path else place
    if place.endswith(".svg"):
        return place.startswith(f"{optimizers.FOLDER}/pictures/")
    if place not in pages:
        return (DOCS / place).is_file()
    return not anchor or anchor in anchors(pages[place])


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [
        ("[a](../CONTRIBUTING.md)", "[a](/project/contributing.md)"),
        ("[a `b`](../problems/valleys.py)", "[a `b`](/catalog/surfaces/valleys.md)"),
        ("[a](../problems/images.py)", "[a](/catalog/nets/images.md)"),
        ("[a](runs.md#tables)", "[a](/runs.md#tables)"),
        ("[`b`](../optbench/nets/layers/)", "`b`"),  # no page shows it
        ("[a](../optbench/lost.py)", "[a](../optbench/lost.py)"),  # a mistake is left to be found
        ("[a](https://example.org/x)", "[a](https://example.org/x)"),
        ("![a](report.png)", "![a](/report.png)"),
    ],
)
def test_links_out_of_docs_lead_to_the_page_that_shows_the_file(generated, link, leads_to):
    assert links.within(link, PurePosixPath("docs"), generated) == leads_to


def test_the_readme_is_the_front_page(generated):
    text = generated[links.FRONT]
    assert text.startswith("# optbench") and "](docs/" not in text


def test_docstrings_are_shown_as_they_are_written():
    docstrings = [one.function.__doc__ for one in finding.problems().values()
                  if not isinstance(one, NetDefinition)]  # fmt: skip
    docstrings += [rule.functions["update"].__doc__ for rule in registry.optimizers().values()]
    read = MarkdownIt().enable("table")
    for docstring in filter(None, docstrings):
        html = read.render(markdown.text(" ".join(docstring.split())))
        shown = ElementTree.fromstring(f"<d>{html}</d>")
        words = "".join(shown.itertext()).split()
        assert words == " ".join(docstring.split()).replace("`", "").split()


def test_functions_are_followed_through_what_they_call():
    found = sources.called([registry.rule("soap").functions["update"]], optimizers.RULES)
    assert "root" not in found and len(found) > 3
    code = "".join(map(sources.source, found.values()))
    assert all(f"def {name}(" in code for name in found)


def test_a_picture_begins_at_the_start_and_ends_where_the_rule_does():
    surface = trajectories.SURFACES[0]
    (picture,) = [one for name, one in trajectories.pictures(registry.rule("gd")).items()
                  if name == surface.name]  # fmt: skip
    svg = ElementTree.fromstring(picture)
    points = np.array([
        pair.split(",") for pair in svg.find(".//{*}polyline").get("points").split()
    ], float)  # fmt: skip
    (left, low), (right, high) = surface.view
    x = left + points[:, 0] / trajectories.SIDE * (right - left)
    y = high - points[:, 1] / trajectories.SIDE * (high - low)
    np.testing.assert_allclose([x[0], y[0]], [1.0, 1.0], atol=0.01)
    # By gradient descent on (x^2 + 100 y^2) / 2 from (1, 1), x is (1 - lr)^t after t steps.
    words = "".join(svg.itertext())
    rate = min(
        trajectories.RATES, key=lambda one: abs(one - float(re.search("lr = (.*?)gap", words)[1]))
    )
    end = (1 - rate) ** trajectories.STEPS
    assert 100 * rate < 2 and x[-1] == pytest.approx(end, abs=0.01)
    assert (
        f"gap {end**2 / 2 + 50 * (1 - 100 * rate) ** (2 * trajectories.STEPS):.1e} after" in words
    )


def test_stale_pages_go_and_unchanged_ones_keep_their_times(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "pages", lambda: {"catalog/a.md": "a", "project/b.md": "b"})
    monkeypatch.setattr(optimizers, "pictures", dict)
    writing.write(tmp_path)
    (tmp_path / "catalog" / "old.md").write_text("old")
    (tmp_path / "runs.md").write_text("not generated")
    before = (tmp_path / "catalog" / "a.md").stat().st_mtime_ns
    monkeypatch.setattr(writing, "pages", lambda: {"catalog/a.md": "a", "project/b.md": "new"})
    writing.write(tmp_path)
    assert (tmp_path / "catalog" / "a.md").stat().st_mtime_ns == before
    assert (tmp_path / "project" / "b.md").read_text() == "new"
    assert not (tmp_path / "catalog" / "old.md").exists() and (tmp_path / "runs.md").exists()


def test_pictures_of_schedules_are_their_factors(generated):
    drawn = schedule_pictures.pictures()
    assert list(drawn) == list(SCHEDULES)
    page = generated["catalog/optimizers/schedules.md"]
    share = np.arange(schedule_pictures.STEPS) / schedule_pictures.STEPS
    expected = {"linear": 1 - share, "cosine": (1 + np.cos(np.pi * share)) / 2,
                "polynomial": (1 - share) ** 2, "constant": np.minimum(share / 0.1, 1)}  # fmt: skip
    for name, text in drawn.items():
        assert f"pictures/schedule-{name}.svg" in page
        line = ElementTree.fromstring(text).find(".//{*}polyline")
        points = np.array([own.split(",") for own in line.attrib["points"].split()], float)
        factors = 1 - (points[:, 1] - schedule_pictures.TOP) / schedule_pictures.HEIGHT
        assert factors.min() > -1e-3 and factors.max() < 1.001
        if name in expected:
            np.testing.assert_allclose(factors, expected[name], atol=0.011)
