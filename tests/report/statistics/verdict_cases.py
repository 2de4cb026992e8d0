"""Runs whose verdict is known from how they were made and how they ended, not from their curves.

``python -m tests.report.statistics.verdict_cases`` prints the tables of docs/inside.md.
"""

import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

import optbench
from optbench.define import net
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from optbench.nets import bundled, datasets
from optbench.report.statistics import curve_verdicts
from optbench.study import probing

FACTS = dict(batch=32, loss_target=0.1, error_target=0.1)
BINARY = dict(loss="binary_cross_entropy", init="xavier_uniform")
CALIBRATION = {
    "iris": (dict(data="iris", sizes=(4, 8, 3), activation="tanh", init="xavier_uniform"), 600),
    "wine": (dict(data="wine", sizes=(13, 16, 3)), 600),
    "moons": (dict(data="moons", sizes=(2, 16, 16, 2)), 800),
    "diabetes": (dict(data="diabetes", sizes=(10, 16, 1), loss="mse"), 400),
}
HELD_OUT = {
    "breast_cancer": (dict(data="breast_cancer", sizes=(30, 16, 2), activation="silu"), 500),
    "teacher": (
        dict(data="teacher_student", sizes=(16, 8, 1), activation="tanh", loss="mse",
             init="xavier_normal"), 600,
    ),
    "xor": (dict(data="xor", sizes=(2, 8, 1), activation="sigmoid", **BINARY), 800),
    "linear": (
        dict(data="linear_map", sizes=(8, 8, 8, 8), activation="linear", loss="mse",
             init="orthogonal"), 500,
    ),
    "digits": (dict(data="digits", sizes=(64, 32, 10), activation="gelu", batch=64), 300),
}  # fmt: skip
"""Name -> what the net declares, and its steps."""
RATES = np.geomspace(1e-5, 1.0, 16)
TUNED_ON = [100, 101, 102]
HIGH = frozenset({curve_verdicts.TOO_HIGH, curve_verdicts.DIVERGED})
WORSE = 0.1
"""Losses differ if it is by more than this share of what a constant answer loses."""
HURT = 0.3
"""The same for what saturated weights do to training."""


class Case(NamedTuple):
    """A run: which verdicts are right, how it came about, and what is judged."""

    truth: frozenset
    about: str
    steps: np.ndarray
    metrics: np.ndarray
    shares: np.ndarray
    chance: float

    def verdict(self):
        train, validation = self.metrics[:, 0], self.metrics[:, 2]
        return curve_verdicts.judge(self.steps, train, validation, self.shares, self.chance)


class Runs:
    """Lanes of one optimizer on one net: every rate with every seed."""

    def __init__(self, problem, optimizer, seeds, rates, steps, factor=1.0):
        seeds, lr = np.tile(seeds, len(rates)), np.repeat(rates, len(seeds))
        starts = problem.starts(seeds)
        for start in starts if factor != 1 else ():
            for W, _ in problem.net.net.unflatten(start)[:-1]:
                W *= factor
        self.steps, self.chance = probing.sweep_steps(steps), probing.chance(problem)
        made = simulate(
            problem,
            optbench.optimizer(optimizer),
            LaneInputs(starts, problem.keys(seeds), lr),
            Job(steps=steps, records=self.steps),
        )
        self.metrics = made.record_metrics
        self.shares = probing.saturated(problem, "float64", starts, made.x)
        self.train, self.validation = (
            np.where(np.isfinite(end), end, 1e300) for end in self.metrics[:, -1, [0, 2]].T
        )

    def case(self, lane, truth, about):
        """Return lane number `lane` as a `Case`."""
        truth = frozenset(truth if isinstance(truth, frozenset) else [truth])
        return Case(
            truth, about, self.steps, self.metrics[lane], self.shares[lane], self.chance
        )  # fmt: skip


def tuned_rate(problem, optimizer, steps):
    """Return the rate with the least median validation loss, as studies choose it."""
    runs = Runs(problem, optimizer, TUNED_ON, RATES, steps)
    return RATES[np.argmin(np.median(runs.validation.reshape(len(RATES), -1), axis=1))]


def of_rates(problem, optimizer, steps, seeds, tuned, left_out):
    """Yield runs at the tuned rate and at 1/100, 100 and 10^4 times that rate.

    A rate counts as too low or too high only if its run ended worse than the tuned one of the same
    seed: many nets train as well over two decades of rates.
    """
    runs = Runs(problem, optimizer, seeds, tuned * np.array([1.0, 1e-2, 1e2, 1e4]), steps)
    n, margin = len(seeds), WORSE * runs.chance
    for k in range(n):
        yield runs.case(k, curve_verdicts.CONVERGING, "tuned rate")
        train, validation = (end - end[k] > margin for end in (runs.train, runs.validation))
        if train[n + k] and validation[n + k]:
            yield runs.case(n + k, curve_verdicts.TOO_LOW, "1/100 of the tuned rate")
        else:
            left_out["1/100 of the tuned rate, as good"] += 1
        for times, lane in (("100", 2 * n + k), ("10^4", 3 * n + k)):
            about = f"{times} times the tuned rate"
            if train[lane]:
                yield runs.case(lane, HIGH, about)
            elif validation[lane]:
                yield runs.case(
                    lane, HIGH | {curve_verdicts.OVERFITTING}, f"{about}, only validation worse"
                )
            else:
                left_out[f"{about}, as good"] += 1


def of_weights(name, facts, optimizer, steps, seeds, instance, tuned, left_out):
    """Yield runs of deep nets whose hidden weights are 100 times too large.

    One counts if ordinary weights, with all else the same, trained much better.
    """
    for activation in ("tanh", "sigmoid"):
        sizes = facts["sizes"]
        deep = dict(activation=activation, init="xavier_uniform",
                    sizes=(sizes[0], 16, 16, 16, sizes[-1]))  # fmt: skip
        problem = declared(f"{name}_{activation}", {**facts, **deep}, instance)
        rates = np.array([tuned / 10])
        huge, plain = (Runs(problem, optimizer, seeds, rates, steps, f) for f in (100.0, 1.0))
        for k in range(len(seeds)):
            if huge.train[k] - plain.train[k] > HURT * huge.chance:
                yield huge.case(k, curve_verdicts.SATURATED, "hidden weights 100 times too large")
            else:
                left_out["hidden weights 100 times too large, as good"] += 1


def of_few_rows(name, facts, optimizer, seeds, instance, tuned, folder):
    """Yield long runs of large nets on 36 examples of a noisy data set."""
    known = datasets.load(facts["data"])
    rng = np.random.default_rng(instance)
    rows = rng.permutation(len(known.y))[:60]
    X, y = known.X[rows], known.y[rows].copy()
    if known.classes:
        wrong = rng.random(len(y)) < 0.4
        y[wrong] = rng.integers(0, known.classes, wrong.sum())
    else:
        y = y + 0.7 * np.std(y) * rng.standard_normal(y.shape)
    path = Path(folder) / f"{name}.npz"
    np.savez(path, X=X, y=y)
    sizes = facts["sizes"]
    large = dict(data=str(path), sizes=(sizes[0], 64, 64, sizes[-1]), batch=16)
    problem = declared(f"{name}_few", {**facts, **large}, instance)
    runs = Runs(problem, optimizer, seeds, np.array([min(tuned, 0.3) / 3]), 3000)
    for k in range(len(seeds)):
        yield runs.case(k, curve_verdicts.OVERFITTING, "36 noisy examples")


def declared(name, facts, instance):
    return optbench.problem(net(f"{name}_labelled", **{**FACTS, **facts}), instance=instance)


def cases(nets, optimizers, seeds, instance):
    """Return (list of `Case`, Counter of runs left out because their truth is not known)."""
    found, left_out = [], Counter()
    for name, (facts, steps) in nets.items():
        problem = declared(name, facts, instance)
        for optimizer in optimizers:
            tuned = tuned_rate(problem, optimizer, steps)
            found += of_rates(problem, optimizer, steps, seeds, tuned, left_out)
            found += of_weights(name, facts, optimizer, steps, seeds, instance, tuned, left_out)
            if facts["data"] in bundled.NAMES:
                with tempfile.TemporaryDirectory() as folder:
                    found += of_few_rows(name, facts, optimizer, seeds, instance, tuned, folder)
    return found, left_out


def confusion(found):
    """Return {(truth, label): count}, {truth: (right, all)} and the cases that are wrong."""
    table, right, wrong = Counter(), {}, []
    for case in found:
        truth = " or ".join(one for one in curve_verdicts.VERDICTS if one in case.truth)
        verdict = case.verdict()
        table[truth, verdict.name] += 1
        hits, total = right.get(truth, (0, 0))
        right[truth] = hits + (verdict.name in case.truth), total + 1
        if verdict.name not in case.truth:
            wrong.append((truth, case.about, verdict))
    return table, right, wrong


def markdown(found, left_out):
    """Return the lines of a confusion matrix."""
    table, right, wrong = confusion(found)
    lines = ["| truth | " + " | ".join(curve_verdicts.VERDICTS) + " | right |"]
    lines.append("|---" * (len(curve_verdicts.VERDICTS) + 2) + "|")
    for truth, (hits, total) in right.items():
        counts = [str(table[truth, name] or "") for name in curve_verdicts.VERDICTS]
        lines.append(f"| {truth} | {' | '.join(counts)} | {hits} of {total} |")
    hits, total = (sum(pair[i] for pair in right.values()) for i in (0, 1))
    lines += ["", f"{hits} of {total} are right, {100 * hits / total:.1f} %. Left out: "]
    lines[-1] += ", ".join(f"{about} ({n})" for about, n in sorted(left_out.items())) + "."
    lines += [
        "",
        *(f"- {truth}; {about}: {one.name}, {one.evidence}" for truth, about, one in wrong),
    ]
    return lines


if __name__ == "__main__":
    for title, *chosen in (
        ("Calibration", CALIBRATION, ("sgd", "adam"), [0, 1, 2], 1),
        ("Held out", HELD_OUT, ("momentum", "rmsprop", "adamw", "nesterov"), [10, 11, 12], 2),
    ):
        print(f"## {title}\n", *markdown(*cases(*chosen)), "", sep="\n", flush=True)
