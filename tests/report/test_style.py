import numpy as np
import pytest

from optbench.report.figures import draw, style


def test_every_optimizer_looks_different():
    made = style.styles(f"rule_{i:02d}" for i in range(84))
    assert len(set(made.values())) == 84
    # Without markers, which are sparse, a dozen and a half still differ.
    assert len({(s.colour, s.line) for s in list(made.values())[:28]}) == 28


def test_looks_depend_on_the_set_of_names_alone():
    assert style.styles(["sgd", "adam", "adam"]) == style.styles(["adam", "sgd"])


def test_ticks_are_round_and_few():
    assert style.log_ticks(0.5, 2000) == [1, 10, 100, 1000]
    assert style.log_ticks(0.9, 6) == [1, 2, 5]
    assert style.log_ticks(0.9, 600) == pytest.approx([1, 3, 10, 30, 100, 300])
    assert style.log_ticks(0.39, 0.61) == pytest.approx([0.4, 0.45, 0.5, 0.55, 0.6])
    assert len(style.log_ticks(1e-16, 1e3)) <= 8
    assert [style.power(v) for v in (1e-9, 4.5e-4, 0.01, 1, 1000.0, 1e6)] == [
        "1e-9", "4.5e-4", "0.01", "1", "1000", "1e6",
    ]  # fmt: skip


def test_limits_hide_neither_the_start_nor_what_matters():
    low, high, cut = style.log_limits(10.0, np.array([10.0, 1e-200, 1e250, np.inf]))
    assert low == 1e-15
    assert 10 < high < 1e4
    assert cut
    low, high, cut = style.log_limits(10.0, np.array([10.0, 1e-3]))
    assert low < 1e-3 < 10 < high
    assert not cut


def test_limits_of_nothing_finite():
    low, high, cut = style.log_limits(np.nan, np.array([np.inf]))
    assert 0 < low < high
    assert not cut


def test_a_picture_shown_in_several_panels_is_stored_once(tmp_path):
    with style.context():
        made = style.figure(4, 2)
        for k in range(3):
            drawn = style.axes(made, 0.1 + 1.2 * k, 0.2, 1, 1)
            drawn.imshow(np.arange(100.0).reshape(10, 10), interpolation="none")
        style.save(made, tmp_path / "shown")
    written = (tmp_path / "shown.svg").read_text()
    assert written.count("data:image/png") == 1
    assert written.count("<use") >= 3


def test_figures_are_the_same_bytes_each_time(tmp_path):
    for name in "ab":
        with style.context():
            made = style.figure(3, 2)
            style.axes(made, 0.5, 0.5, 2, 1).plot([1, 2], [3, 4], marker="o")
            style.save(made, tmp_path / name)
    for suffix in ("svg", "png"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_slimming_keeps_numbers_that_scale():
    vector = '<!-- x --><path d="M 1.23456 -2.5" transform="scale(0.015625)" x="3.14159"/>'
    assert draw.slim(vector) == '<path d="M 1.23 -2.5" transform="scale(0.015625)" x="3.14"/>'
