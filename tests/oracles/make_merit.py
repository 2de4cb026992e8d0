"""Make merit.json: figures of merit by cocopp, optiprofiler, rliable, arch and scikit-posthocs.

Run ``python tests/oracles/make_merit.py`` in an environment with the extra `oracles`. The file
holds the inputs and what each package makes of them; null is a problem that was not solved.
"""

import json
import sys
import types
import warnings
from importlib.machinery import PathFinder
from importlib.metadata import version
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("merit.json")
PACKAGES = ("cocopp", "optiprofiler", "rliable", "arch", "scikit-posthocs", "scipy", "numpy")
DRAWS, SIZE = 100, 60


def alone(package):
    """Let modules of a package be imported without what the package itself imports.

    cocopp asks for its archive over the network when it is imported, arch 7 (rliable takes no later
    one) does not import with pandas 3, and optiprofiler loads its problems: none is needed here.
    """
    if package not in sys.modules:
        module = types.ModuleType(package)
        module.__path__ = list(PathFinder.find_spec(package).submodule_search_locations)
        sys.modules[package] = module


def make():
    """Return everything that the file holds."""
    for package in ("arch", "cocopp", "optiprofiler"):
        alone(package)
    rng = np.random.default_rng(2026)
    makers = (profiles, log_ratios, running_times, improvements, intervals, nemenyi)
    figures = {maker.__name__: maker(rng) for maker in makers}
    return {"made_by": {name: version(name) for name in PACKAGES}, **figures}


def some_costs(rng, shape):
    """Return costs of which a fifth are failures, and one problem is solved by none."""
    cost = np.round(rng.lognormal(5, 1.5, shape), 3)
    cost[rng.random(shape) < 0.2] = np.nan
    cost[3] = np.nan
    return cost


def profiles(rng):
    """Return performance and data profiles as corners of steps, and their areas."""
    from optiprofiler import plotting, scoring
    from optiprofiler.utils import ProfileOption

    work, dims = some_costs(rng, (12, 4)), rng.integers(1, 20, 12)
    curves = {kind: [[None, None] for _ in range(4)] for kind in ("perf", "data")}
    plotting._get_extended_performances_data_profile_axes(
        work[:, :, None], dims, {ProfileOption.SEMILOGX: True}, curves
    )
    made = {"work": work, "dims": dims}
    for kind in curves:
        made[kind] = [[x, y] for (x, y), _ in curves[kind]]
        made[f"{kind}_area"] = [scoring.integrate(one, kind, {}) for one, _ in curves[kind]]
    return made


def log_ratios(rng):
    """Return a log-ratio profile."""
    from optiprofiler import plotting

    work = some_costs(rng, (10, 2))
    work[5, 0] = np.nan
    y = plotting._get_log_ratio_profile_axes(work[:, :, None], {"log_ratio": [None, None]})[1]
    return {"work": work, "profile": y}


def running_times(rng):
    """Return ERT, and simulated runs with the draws of `optbench`'s generator 7."""
    from cocopp import toolsstats

    from optbench.report.merit.running_time import derandomized

    cost, reached = np.round(rng.lognormal(4, 1, 15), 3), rng.random(15) < 0.6
    order = np.argsort(~reached, kind="stable")  # cocopp has failures at the end
    cost, reached = cost[order], reached[order]
    draws = np.random.default_rng(7)
    runs = toolsstats.simulated_evals(
        cost, int(np.sum(~reached)), SIZE, return_as=np.asarray,
        randint=lambda low, high, size: low + derandomized(draws, high - low, size),
        randintrest=lambda low, high, size: draws.integers(low, high, size),
    )  # fmt: skip
    ert, share, successes = toolsstats.sp(cost, issuccessful=reached)
    return {"cost": cost, "reached": reached, "ert": ert, "runs": runs}


def improvements(rng):
    """Return rliable's interquartile mean and probability of improvement, of scores with ties."""
    from rliable import metrics

    scores = np.round(rng.normal(size=(2, 6, 9)), 1)  # optimizers, problems, lanes
    return {
        "scores": scores,
        "iqm": [metrics.aggregate_iqm(own.T) for own in scores],
        "improvement": metrics.probability_of_improvement(scores[0].T, scores[1].T),
    }


def intervals(rng):
    """Return rliable's interval of the interquartile mean, and arch's of a mean, with draws."""
    from arch.bootstrap import IIDBootstrap
    from rliable import library, metrics

    scores, sample = rng.random((8, 5)), rng.lognormal(0, 1, 15)  # lanes, problems
    np.random.seed(3)
    _, ends = library.get_interval_estimates(
        {"": scores}, lambda own: np.array([metrics.aggregate_iqm(own)]), reps=DRAWS
    )
    bootstrap = IIDBootstrap(sample, seed=np.random.default_rng(4))
    drawn = [np.array(bootstrap.index) for _ in bootstrap.bootstrap(DRAWS)]
    again = IIDBootstrap(sample, seed=np.random.default_rng(4))
    return {
        "scores": scores, "seed": 3, "iqm": ends[""][:, 0],
        "sample": sample, "drawn": drawn,
        "bca": again.conf_int(np.mean, reps=DRAWS, method="bca")[:, 0],
    }  # fmt: skip


def nemenyi(rng):
    """Return p-values between all pairs of optimizers."""
    import scikit_posthocs

    values = rng.integers(0, 9, (12, 5)) + 2.0 * np.arange(5)
    return {"values": values, "p": scikit_posthocs.posthoc_nemenyi_friedman(values)}


def plain(value):
    """Return lists and numbers, null for what is not finite."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, str):
        return value
    if np.ndim(value):
        return [plain(part) for part in (value if isinstance(value, list) else np.asarray(value))]
    number = np.asarray(value).item()
    return number if np.isfinite(number) else None


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(Path(__file__).parents[2]))
    lines = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(part)}" for name, part in plain(make()).items()
    )
    FILE.write_text(f"{{{lines}}}\n")
    print(FILE, FILE.stat().st_size, "bytes")
