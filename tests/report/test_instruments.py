"""Figures and data of the instruments along training."""

import numpy as np
import pytest

from optbench.report.figures import instruments, palette, style
from optbench.report.figures.instrument_panels import PANELS
from tests.report.figure_parts import net_of, words


def figure_of(frames):
    looks = palette.styles(frames["convergence"]["optimizer"])
    (job,) = instruments.jobs(net_of(frames), "n", frames["instruments"], looks)
    with style.context():
        return job.function(**job.arguments)


def panels_of(figure):
    return dict(zip([panel.column for panel in PANELS], figure.axes, strict=False))


def test_lines_hold_the_readings(make_frames):
    frames = make_frames(optimizers=("adam",), inside=True)
    figure = figure_of(frames)
    panels, rows = panels_of(figure), frames["instruments"]
    assert "adam" in words(figure) and "tuned" in words(figure)
    for column, axes in panels.items():
        readings, two = axes.get_lines()[0].get_ydata(), axes.get_lines()[1:]
        wanted = rows[column].to_numpy().copy()
        if column == "distance":
            wanted[0] = np.nan  # 0, which a logarithmic axis does not have
            assert axes.get_ylim()[0] > 1e-3
        np.testing.assert_allclose(readings, wanted)
        at = [line.get_ydata()[0] for line in two]
        assert at == {"sharpness_times_rate": [2.0], "alpha": [-1.0, 0.0, 1.0]}.get(column, [])
    low, high = panels["sharpness_times_rate"].get_ylim()
    assert low < 1.0 and high > 2.0


@pytest.mark.filterwarnings("error")
def test_readings_that_say_nothing_are_drawn(make_frames):
    frames = make_frames(inside=True)
    frames["instruments"]["sharpness_times_rate"] = -1.0  # concave in all directions
    frames["instruments"]["noise_scale"] = np.inf
    frames["instruments"]["alpha"] = 1e9
    panels = panels_of(figure_of(frames))
    assert np.isnan(panels["sharpness_times_rate"].get_lines()[0].get_ydata()).all()
    assert np.isnan(panels["noise_scale"].get_lines()[0].get_ydata()).all()
    assert set(panels["alpha"].get_lines()[0].get_ydata()) == {panels["alpha"].get_ylim()[1]}
    frames["instruments"] = frames["instruments"].iloc[:0]
    looks = palette.styles(frames["convergence"]["optimizer"])
    assert instruments.jobs(net_of(frames), "n", frames["instruments"], looks) == []
