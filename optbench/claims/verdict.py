"""What the pairs of a claim say: effects, nested intervals, and the verdict.

The rule, fixed before any claim was run. An effect is positive where it speaks for the claim. In
each setting it has a nested 95 % interval, and the setting's answer is

- yes, if the interval lies above the margin (of a claim of equality: within it on both sides),
- no, if the interval lies below the margin (of equality: beyond it on one side),
- open, if the margin is inside: what there is, is smaller than the noise.

A claim is *supported* if all settings say yes, and *not supported* if all say no. It *depends on*
the factor if some say yes and some say no. Otherwise it is *not shown*. It is stable if each study
seed alone has the same verdict, and in each setting an effect of the same sign.

The interval is nested: in each of `RESAMPLES` resamples, within each study seed, the tuning lanes
are drawn again, rates are missing with chance 1/e, the rate is chosen anew, and the pairs are
drawn again, the same in both arms.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.claims.declaring import Expects, Statistic
from optbench.claims.draws import STUDY_SEEDS
from optbench.define.draws import generator
from optbench.report.statistics.resampling import resampled_interval

Floats = NDArray[np.float64]

RESAMPLES = 999
YES, NO, OPEN = "yes", "no", "open"
SUPPORTED, NOT_SUPPORTED, DEPENDS = "supported", "not supported", "depends on"
NOT_SHOWN = "not shown"


@dataclass(frozen=True, eq=False)
class Arm:
    """What one arm cost in one study seed: less is better, whatever the measure.

    Attributes
    ----------
    tuning : ndarray [R, m]
        Costs of the rates on the tuning lanes; m = 0 where there is one rate.
    scoring : ndarray [R, n]
    """

    tuning: Floats
    scoring: Floats


@dataclass(frozen=True)
class SettingVerdict:
    """The answer of a setting."""

    effect: float
    low: float
    high: float
    answer: str
    by_seed: tuple[float, ...]


@dataclass(frozen=True)
class Verdict:
    """The verdict on a claim."""

    word: str
    detail: str
    stable: bool
    settings: dict[str, SettingVerdict]

    @property
    def supported(self) -> bool:
        """Whether the claim is supported."""
        return self.word == SUPPORTED


@dataclass(frozen=True)
class Rule:
    """By what a claim is judged; see `declaring.claim`."""

    margin: float
    expects: Expects
    statistic: Statistic
    factor: str


Arms = Mapping[str, Sequence[tuple[Arm, Arm]]]
"""{setting: (treatment, control) of each study seed}."""


def judged(arms: Arms, rule: Rule) -> Verdict:
    """Return the verdict on the arms of a claim."""
    settings = {name: _setting(seeds, rule) for name, seeds in arms.items()}
    word, detail = _word(settings, rule)
    alone = [
        {name: _setting(seeds[i : i + 1], rule) for name, seeds in arms.items()}
        for i in range(STUDY_SEEDS)
    ]
    stable = all(
        _word(own, rule)[0] == word
        and all(np.sign(own[s].effect) == np.sign(settings[s].effect) for s in settings)
        for own in alone
    )
    return Verdict(word, detail, stable, settings)


def _setting(seeds: Sequence[tuple[Arm, Arm]], rule: Rule) -> SettingVerdict:
    pairs = [effects(treatment, control) for treatment, control in seeds]
    statistic = np.median if rule.statistic == "median" else np.mean
    everyone = np.concatenate(pairs)
    resampled = np.concatenate([_resampled(*arms, seed) for seed, arms in enumerate(seeds)], axis=1)
    with np.errstate(invalid="ignore"):  # the mean of infinities of both signs is no number
        low, high = resampled_interval(statistic(resampled, axis=1), len(everyone))
        effect = float(statistic(everyone))
        by_seed = tuple(float(statistic(own)) for own in pairs)
    answer = answer_of(float(low), float(high), rule)
    return SettingVerdict(effect, float(low), float(high), answer, by_seed)


def effects(treatment: Arm, control: Arm) -> Floats:
    """Return the effect of each pair [n] at the chosen rates: positive where treatment is better.

    Where both are infinite, as of lanes that diverged, there is no effect: 0.
    """
    return _difference(*(arm.scoring[_best(arm.tuning)] for arm in (treatment, control)))


def _difference(treatment: Floats, control: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.where(treatment == control, 0.0, control - treatment)


def _best(tuning: Floats) -> int:
    return int(np.argmin(np.median(tuning, axis=1))) if tuning.shape[1] else 0


def _resampled(treatment: Arm, control: Arm, seed: int) -> Floats:
    """Return the effects of the pairs of a study seed in resamples [B, n]."""
    drawn = generator("claims", "resamples", seed)
    n = treatment.scoring.shape[1]
    pairs = drawn.integers(n, size=(RESAMPLES, n))
    lanes = max(treatment.tuning.shape[1], control.tuning.shape[1])
    tuning = drawn.integers(max(lanes, 1), size=(RESAMPLES, lanes))
    rates = max(len(treatment.scoring), len(control.scoring))
    missing = drawn.random((RESAMPLES, rates)) < math.exp(-1)
    return _difference(
        *(
            arm.scoring[_chosen(arm, tuning, missing)[:, None], pairs]
            for arm in (treatment, control)
        )
    )


def _chosen(arm: Arm, tuning: NDArray[np.int64], missing: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the rate that is chosen in each resample [B]: one that is there, if one is."""
    if not arm.tuning.shape[1]:
        return np.zeros(RESAMPLES, np.int64)
    medians = np.median(arm.tuning[:, tuning], axis=2).T
    lost = missing[:, : len(arm.tuning)]
    # After those that are there come those that diverged, and after them those that are missing.
    order = np.lexsort((medians, lost), axis=-1)
    return order[:, 0]


def answer_of(low: float, high: float, rule: Rule) -> str:
    """Return what an interval says about the margin; see the module."""
    if math.isnan(low) or math.isnan(high):
        return OPEN
    if rule.expects == "equal":
        if -rule.margin < low and high < rule.margin:
            return YES
        return NO if low > rule.margin or high < -rule.margin else OPEN
    return YES if low > rule.margin else NO if high < rule.margin else OPEN


def _word(settings: Mapping[str, SettingVerdict], rule: Rule) -> tuple[str, str]:
    """Return the verdict and what it says of the settings, in their order."""
    by_answer = {
        answer: [name for name, own in settings.items() if own.answer == answer]
        for answer in (YES, NO, OPEN)
    }
    if by_answer[YES] and by_answer[NO]:
        return DEPENDS, f"depends on {rule.factor}: {_turns(settings)}"
    if len(by_answer[YES]) == len(settings):
        return SUPPORTED, "in all settings"
    if len(by_answer[NO]) == len(settings):
        return NOT_SUPPORTED, "in no setting"
    words = (("shown", YES), ("against", NO), ("smaller than noise", OPEN))
    return NOT_SHOWN, "; ".join(
        f"{word}: {', '.join(by_answer[answer])}" for word, answer in words if by_answer[answer]
    )


def _turns(settings: Mapping[str, SettingVerdict]) -> str:
    """Return where settings in their order say yes, and where no: "yes: 4 layers; no: 16"."""
    runs: list[tuple[str, list[str]]] = []
    for name, own in settings.items():
        if not runs or runs[-1][0] != own.answer:
            runs.append((own.answer, []))
        runs[-1][1].append(name)
    return "; ".join(f"{answer}: {', '.join(names)}" for answer, names in runs)


def deviation_verdict(deviations: Mapping[str, float], margin: float) -> Verdict:
    """Return the verdict on a theorem: supported if no setting misses it by more than the margin.

    Parameters
    ----------
    deviations : dict of str to float
        By how much what was measured misses what is said; NaN is a miss.
    margin : float
    """
    settings = {
        name: SettingVerdict(miss, miss, miss, YES if miss <= margin else NO, ())
        for name, miss in deviations.items()
    }
    missed = [name for name, own in settings.items() if own.answer == NO]
    if missed:
        return Verdict(NOT_SUPPORTED, f"missed: {', '.join(missed)}", True, settings)
    return Verdict(SUPPORTED, "in all settings", True, settings)
