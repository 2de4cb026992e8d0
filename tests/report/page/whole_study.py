"""Frames of a study that has something to show in every figure of the page."""

import numpy as np
import pandas as pd

LABELS = ["sphere (d=2)", "digits (d=2410)", "sphere (d=5)"]
NAMES = ("<img src=x onerror=alert(1)>", "$x^2$ <b>bold</b>", "adam", "gd")
POINTS = np.array([1.0, 10.0, 100.0])


def whole_study(make_frames):
    """Return the frames; of what ordinary ones lack, numbers that are easily followed."""
    problems = (("sphere", 2, "deterministic"), ("digits", 2410, "net"),
                ("sphere", 5, "deterministic"))  # fmt: skip
    frames = make_frames(NAMES, problems, inside=True, rates=9)
    pairs = [(label, name, n) for label in LABELS for n, name in enumerate(NAMES)]
    frames["tuning_curves"] = pd.DataFrame(
        [(*pair, k, np.log(100 / k + n), np.log(90 / k), np.log(200 / k), "evaluations", "a note")
         for *pair, n in pairs for k in (1, 2, 5)],
        columns=["label", "optimizer", "trials", "score", "low", "high", "basis", "note"],
    )  # fmt: skip
    frames["regret"] = pd.DataFrame(
        [(*pair, 1.0 + n / 4, 1.0, 0.1, 0.2) for *pair, n in pairs],
        columns=["label", "optimizer", "regret", "crossed", "lr", "best_lr"],
    )
    frames["runtimes"] = pd.DataFrame(
        [(*pair, "tuned", x, n + at, 20) for *pair, n in pairs for at, x in enumerate(POINTS)],
        columns=["label", "optimizer", "setting", "x", "met", "count"],
    )
    return frames
