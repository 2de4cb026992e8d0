"""Pictures: pixels one to one, lightness that orders outcomes, the same bytes every time."""

import io

import numpy as np
import pytest
from PIL import Image

import optbench
from optbench.errors import ResultsError
from optbench.kernels.status import rounding_floor
from optbench.maps import colours, drawing
from optbench.maps.axes import Axis
from optbench.maps.computing import DIVERGED, ENDED_THERE, WENT_ON

SIZE = 16


@pytest.fixture(scope="module")
def drawn():
    return optbench.map("momentum", "rosenbrock", size=SIZE, steps=200)


def lightness(rgb):
    """Return CIE L* of sRGB colours [n, 3]."""
    share = rgb / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y)


def test_lightness_rises_from_the_best_outcome_to_the_worst():
    best_to_worst = [
        colours.ColourScale(ENDED_THERE, 1, 2, 1).colours,
        colours.ColourScale(WENT_ON, 1, 2, 1).colours,
        colours.ColourScale(DIVERGED, 1, 2, 1).colours[::-1],  # late is better
    ]
    ends = [lightness(own)[[0, -1]] for own in best_to_worst]
    for own in best_to_worst:
        assert (np.diff(lightness(own)) > -0.3).all()  # but for rounding
    assert ends[0][1] < ends[2][0] - 15 and ends[0][1] < ends[1][1] < ends[2][1]


def test_the_picture_has_the_map_s_pixels_as_squares(drawn):
    picture = np.asarray(Image.open(io.BytesIO(drawing.png(drawn))).convert("RGB"))
    inches, each = drawing.dots_per_inch(SIZE), drawing.FEWEST // SIZE
    left = round(drawing.LEFT * inches)
    bottom = picture.shape[0] - round(drawing.BELOW * inches)
    floor = float(rounding_floor(drawn.f_ref, drawn.dtype))
    scales = colours.scales(drawn.outcomes, floor, drawn.start_value)
    expected = colours.pixels(drawn.outcomes, scales, floor)
    rows, columns = np.mgrid[2:SIZE:3, 2:SIZE:3]  # in their middle, away from the mark
    seen = picture[bottom - each // 2 - each * rows, left + each // 2 + each * columns]
    same = (seen == expected[rows, columns]).all(axis=2)
    assert same.mean() > 0.9  # the mark hides some


def test_the_same_map_is_the_same_file(drawn):
    assert drawing.png(drawn) == drawing.png(drawn)


@pytest.mark.parametrize(
    ("axis", "texts"),
    [
        (Axis("a", 1e-4, 1.0, "log", 1), ["0.0001", "0.001", "0.01", "0.1", "1"]),
        (
            Axis("a", 0.5, 0.999, "log of 1 - v", 1),
            ["0.999", "0.997", "0.99", "0.97", "0.9", "0.7"],
        ),
        (Axis("a", -2, 2, "linear", 1), ["-2", "-1", "0", "1", "2"]),
        (Axis("a", 1.0, 1e6, "log", 1), ["1", "10", "100", "1e3", "1e4", "1e5", "1e6"]),
    ],
)
def test_ticks_are_round(axis, texts):
    shown = drawing.tick_texts(drawing.tick_values(axis))
    assert shown == texts


def test_ticks_of_a_deep_zoom_tell_apart():
    texts = drawing.tick_texts(drawing.tick_values(Axis("a", 0.3, 0.3 + 1e-9, "linear", 0.3)))
    assert len(texts) > 2 and len(set(texts)) == len(texts)


def test_greys_end_a_hundred_times_above_the_start(drawn):
    start = optbench.problem("rosenbrock")
    gap = start.value(start.start) - start.f_min
    assert drawn.start_value == pytest.approx(gap)
    near = np.float32(1e-3 * gap)
    value = np.full(drawn.outcomes.value.shape, np.float32(1e30))
    value[: SIZE // 2] = near
    outcome = np.full(value.shape, WENT_ON, np.uint8)
    own = colours.scales(drawn.outcomes._replace(value=value, outcome=outcome), 1e-14, gap)[WENT_ON]
    assert own.low == near and own.high == pytest.approx(100 * gap)
    assert drawing.legend_ticks(own)[1] == ["≤ 0.024", "7.7", "≥ 2.42e3"]


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ({"x": "lr", "y": "momentum"}, "default setting"),
        ({"x": "x[0]", "y": "x[1]"}, "declared start"),
        ({"x": "lr", "y": "x[1]"}, "default and start"),
    ],
)
def test_the_cross_is_called_what_it_is(axes, words):
    own = optbench.map("momentum[lr=0.01]", "rosenbrock", size=2, steps=3, **axes)
    assert drawing.mark_words(own) == words


def test_outcomes_of_one_kind_and_one_value_can_be_drawn():
    one = optbench.map("momentum", "sphere", x="lr=5:6", y="momentum=0:1e-12", size=2, steps=3)
    assert one.shares["neither"] == 1.0 and one.plot().axes


def test_notebooks_show_the_picture_with_words_for_who_cannot_see_it(drawn):
    text = drawn._repr_html_()
    assert text.startswith("<img alt=") and "data:image/png;base64," in text
    assert "16 x 16 lanes" in text


def test_arrays_are_kept(drawn, tmp_path):
    with np.load(drawn.save_data(tmp_path / "map.npz")) as kept:
        np.testing.assert_array_equal(kept["outcome"], drawn.outcomes.outcome)
        np.testing.assert_array_equal(kept["y"], drawn.y.values(SIZE))


def test_a_place_that_cannot_be_written_is_told(drawn, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="cannot be written"):
        drawn.save(tmp_path / "file" / "map.png")
