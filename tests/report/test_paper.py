"""Figures for paper: at every width all texts have room, and names are texts in every format."""

import re
from xml.etree import ElementTree

import pytest
from matplotlib.text import Text
from PIL import Image

from optbench.errors import UserError
from optbench.report import escaping, paper
from optbench.report.figures import style
from tests.hostile import HOSTILE
from tests.thinning import thinned

NAMES = (
    "adam", "adam[plateau_factor=0.5]", "gd", "momentum[clip_norm=1]", "momentum[sam_rho=0.05]",
    "schedule_free_sgd", "rmsprop",
)  # fmt: skip


@pytest.fixture(scope="module")
def jobs(make_frames, manifest, surfaces):
    frames = make_frames(NAMES, inside=True, diverging={("gd", "sphere (d=2)"): 3})
    found = paper.chosen(paper.makers(frames, manifest(), surfaces), ())
    assert len(found) > 5
    return found


def boxes(figure):
    """Return (text, box) of every text that is drawn level or upright."""
    figure.canvas.draw()
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            drawn = axis._update_ticks() if axes.axison else []
            every = [*axis.majorTicks, *axis.minorTicks]
            hidden |= {text for t in every if t not in drawn for text in (t.label1, t.label2)}
    texts = [t for t in figure.findobj(Text) if t not in hidden and t.get_text().strip()]
    return [
        (text.get_text(), text.get_window_extent())
        for text in texts if text.get_visible() and text.get_rotation() in (0, 90)
    ]  # fmt: skip


def meet(a, b):
    across, up = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    return across > 1.5 and up > 2.5


@pytest.mark.parametrize("width", thinned([3.25, 5.0, 12.0, 7.0], 2))
def test_all_texts_have_room(jobs, width):
    wrong = []
    for job in jobs:
        with style.context(width):
            figure = job.function(width=width, **job.arguments)
            assert figure.get_size_inches()[0] <= width + 1e-9
            every = boxes(figure)
        right, top = figure.bbox.width + 1, figure.bbox.height + 1
        for i, (text, box) in enumerate(every):
            if min(box.x0, box.y0) < -1 or box.x1 > right or box.y1 > top:
                wrong.append((job.stem, "leaves the figure", text))
            wrong += [(job.stem, text, other) for other, b in every[:i] if meet(box, b)]
    assert wrong == []


def test_letters_are_legible_at_every_width(jobs):
    for width in (3.25, 12.0):
        with style.context(width):
            for job in jobs:
                figure = job.function(width=width, **job.arguments)
                sizes = {t.get_fontsize() for t in figure.findobj(Text) if t.get_text().strip()}
                least = 2.5 if job.stem.startswith("rates-") else 5.0  # its signs fill their boxes
                assert least <= min(sizes) and max(sizes) <= 11, job.stem


def test_figures_are_chosen_by_name(make_frames, manifest):
    named = paper.makers(make_frames(records=4), manifest(), None)
    assert [job.stem for job in paper.chosen(named, ["heatmap-*", "statuses"])] == [
        "heatmap-success", "heatmap-gap", "statuses",
    ]  # fmt: skip
    assert [job.stem for job in paper.chosen(named, ["problem-d*"])] == ["problem-digits-d-2410"]
    with pytest.raises(UserError, match=r"no figure 'heatmaps': did you mean heatmap-"):
        paper.chosen(named, ["heatmaps"])
    with pytest.raises(UserError, match="nothing to show in values-sphere-d-2"):
        paper.chosen(named, ["values-sphere*"])


def test_only_frames_that_are_shown_are_asked_for(make_frames, manifest):
    class Lazy(dict):
        def __missing__(self, name):
            raise AssertionError(f"{name} is asked for")

    frames = make_frames(records=4)
    few = Lazy({name: frames[name] for name in ("problems", "convergence")})
    assert len(paper.chosen(paper.makers(few, manifest(), None), ["heatmap-*"])) == 2


@pytest.mark.parametrize("width", [3.0, 12.5, float("nan")])
def test_other_widths_are_refused(make_frames, manifest, tmp_path, width):
    with pytest.raises(UserError, match=r"from 3.25 to 12"):
        paper.write(make_frames(records=4), manifest(), tmp_path, width=width)


@pytest.fixture(scope="module")
def hostile(make_frames, manifest, surfaces):
    frames = make_frames(HOSTILE[:6], ((HOSTILE[2], 2, "deterministic"), (HOSTILE[0], 2410, "net")))
    return frames, manifest(), surfaces


def test_names_are_texts_in_svg(hostile, tmp_path):
    frames, facts, surfaces = hostile
    paths = paper.write(frames, facts, tmp_path, width=3.25, surfaces=surfaces, processes=1)
    assert len(paths) == 7
    for path in paths:
        assert path.parent == tmp_path and re.fullmatch(r"[a-z0-9_-]+\.svg", path.name)
        root = ElementTree.fromstring(path.read_text("utf-8"))
        assert root.get("width") == "234pt"  # 3.25 inches
        kinds = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert not kinds & {"script", "img", "foreignObject", "a"}
    title = ElementTree.fromstring(paths[3].read_text("utf-8")).findtext(".//{*}title")
    assert title.startswith(HOSTILE[2])


def test_names_are_texts_in_pgf(hostile, tmp_path):
    frames, facts, surfaces = hostile
    paths = paper.write(
        frames, facts, tmp_path, suffix="pgf", surfaces=surfaces, globs=["problem-*", "traj*"],
        processes=1,
    )  # fmt: skip
    texts = "".join(path.read_text("utf-8") for path in paths)
    for name in (HOSTILE[0], HOSTILE[1], HOSTILE[3]):
        assert escaping.latex(name)[:12] in texts and name not in texts
    pictures = re.findall(r"\{([a-z0-9_-]+\.png)\}", texts)
    assert pictures
    for name in pictures:
        with Image.open(tmp_path / name) as picture:
            assert picture.width > 100
    assert all(path.read_text("utf-8").count(r"\begin{pgfpicture}") == 1 for path in paths)


@pytest.mark.parametrize("suffix", thinned(["pdf", "svg", "png", "pgf"]))
def test_figures_are_the_same_bytes_in_processes(hostile, tmp_path, suffix):
    frames, facts, surfaces = hostile
    for count in (1, 2):
        paper.write(
            frames, facts, tmp_path / str(count), suffix=suffix, processes=count,
            surfaces=surfaces, globs=["heatmap-*", "problem-*"],
        )  # fmt: skip
    paths = sorted((tmp_path / "1").iterdir())
    assert len(paths) >= 3
    for path in paths:
        assert path.read_bytes() == (tmp_path / "2" / path.name).read_bytes(), path.name
