import contextlib

import matplotlib
import numpy as np
import pytest

from optbench.report.figures import files, palette, style


def test_every_optimizer_looks_different():
    looks = palette.styles(f"rule_{i:02d}" for i in range(84))
    assert len(set(looks.values())) == 84
    # Without markers, which are sparse, a dozen and a half still differ.
    assert len({(s.colour, s.line) for s in list(looks.values())[:28]}) == 28


def test_looks_depend_on_the_set_of_names_alone():
    assert palette.styles(["sgd", "adam", "adam"]) == palette.styles(["adam", "sgd"])


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


def test_limits_of_rates_end_sooner_above_the_start():
    _, high, _ = style.log_limits(10.0, np.array([10.0, 1e250]), rise=10.0)
    assert 100.0 <= high < 1000.0


def test_limits_of_nothing_finite():
    low, high, cut = style.log_limits(np.nan, np.array([np.inf]))
    assert 0 < low < high
    assert not cut


@pytest.mark.parametrize("fails", [False, True])
def test_that_figures_show_themselves_outlasts_the_context(fails):
    """A notebook's backend says so when pyplot loads it, with the first figure."""
    before, size = matplotlib.is_interactive(), matplotlib.rcParams["font.size"]
    try:
        matplotlib.interactive(False)
        with contextlib.suppress(KeyError), style.context(3.25):
            matplotlib.interactive(True)
            if fails:
                raise KeyError
        assert matplotlib.is_interactive() and matplotlib.rcParams["font.size"] == size
        with style.context():
            pass
        assert matplotlib.is_interactive()
    finally:
        matplotlib.interactive(before)


def test_figures_are_the_same_bytes_each_time(tmp_path):
    for name in "ab":
        with style.context():
            figure = style.empty_figure(3, 2)
            style.add_axes(figure, 0.5, 0.5, 2, 1).plot([1, 2], [3, 4], marker="o")
            for suffix in files.FORMATS:
                files.write(figure, tmp_path / f"{name}.{suffix}", "a line")
    for suffix in files.FORMATS:
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
