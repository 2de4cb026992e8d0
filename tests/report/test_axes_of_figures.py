"""Axes of figures for paper: not stretched by what nearly diverged, and values where no gap is."""

import math

from tests.report.test_figures import problem_figure


def test_a_score_that_nearly_diverged_does_not_stretch_the_axis(make_frames):
    frames = make_frames(optimizers=("adam",))
    figure, _ = problem_figure(frames, "sphere (d=2)")
    assert "Cut off" not in notes_of(figure)
    frames["sensitivity"].loc[frames["sensitivity"]["trial"] == -1, "mean_gap"] = 1e80
    figure, _ = problem_figure(frames, "sphere (d=2)")
    sensitivity = figure.axes[2]
    low, high = sensitivity.get_ylim()
    assert high <= 16 * 10.0  # the start's gap is 10
    (diamond,) = [line for line in sensitivity.get_lines() if line.get_marker() == "D"]
    assert low < diamond.get_ydata()[0] <= high
    assert "Cut off: scores above 10 times the value at the start." in notes_of(figure)


def notes_of(figure):
    return " ".join(text.get_text() for text in figure.texts)


def without_reference(frames, label):
    """Have a problem's reference value unknown, and its values 20 lower."""
    for name, columns in (("problems", ["f_ref"]), ("sensitivity", ["mean_gap"]),
                          ("curves", ["gap", "best_gap"])):  # fmt: skip
        frames[name].loc[frames[name]["label"] == label, columns] = math.nan
    for name, columns in (("sensitivity", ["objective"]), ("curves", ["f"])):
        frames[name].loc[frames[name]["label"] == label, columns] -= 20.0
    return frames


def test_where_no_gap_is_known_values_are_shown_and_nothing_counts_as_diverged(make_frames):
    known, _ = problem_figure(make_frames(optimizers=("adam",)), "sphere (d=2)")
    frames = without_reference(make_frames(optimizers=("adam",)), "sphere (d=2)")
    frames["sensitivity"].loc[frames["sensitivity"]["trial"] == 0, "objective"] = 1e80
    figure, _ = problem_figure(frames, "sphere (d=2)")
    curves, _, sensitivity, strip = figure.axes
    assert curves.get_ylabel() == "value  f" and curves.get_yscale() == "linear"
    assert not any(text.get_text() == "target" for text in curves.texts)
    assert sensitivity.get_ylabel() == "median value at the end, in tuning"
    low, high = sensitivity.get_ylim()
    assert -21.0 < low < -20.0 < high < 2.0  # from the best, -20, to as far above the start, -10
    crosses = [next(line for line in own.get_lines() if line.get_marker() == "x").get_xdata()
               for own in (strip, known.axes[3])]  # fmt: skip
    assert crosses[0].tolist() == crosses[1].tolist()
    assert "farther above the start" in notes_of(figure)
