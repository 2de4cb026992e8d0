"""What a study would run, in words, without running it."""

from collections.abc import Iterator

from optbench.define.plugins import Folders
from optbench.lanes import devices
from optbench.study import devices as study_devices
from optbench.study.cost import study_cost
from optbench.study.pairs import expand
from optbench.study.schema import Study


def lines(
    study: Study,
    folders: Folders = (),
    device: str = "cpu",
    fallback: bool = False,
    threads: int | None = None,
) -> Iterator[str]:
    """Yield lines that say what a study would run; see `invocation.compute`."""
    pairs, skipped = expand(study, folders)
    pairs, unfit = study_devices.assigned(pairs, devices.resolve(device), fallback)
    skipped += unfit
    cost = study_cost(pairs, study, threads)
    grids = {pair.grid(study).count for pair in pairs}
    instances = len(study.tuning_instances), len(study.scoring_instances)
    tuning, scoring = (count * study.seeds for count in instances)
    cells = lanes = 0
    for pair in pairs:
        count = pair.grid(study).count
        tuned = pair.optimizer.has_rate
        cells += instances[0] * tuned + instances[1]
        lanes += tuning * count * tuned + scoring
        rates = f", {count} rate{'s' * (count > 1)}" if len(grids) > 1 else ""
        yield f"{pair.label}: {_counted(pair.steps, 'step')}{rates}"
    for optimizer, problem, reason in skipped:
        yield f"skipped: {optimizer} on {problem}: {reason}"
    most = max(grids, default=0)
    rates = f"{min(grids)} to {most} rates" if len(grids) > 1 else _counted(most, "rate")
    yield (
        f"{_counted(len(pairs), 'pair')}, {_counted(cells, 'cell')}, "
        f"{_counted(lanes, 'lane')}: of each pair {rates} "
        f"on {_counted(tuning, 'tuning lane')} each, the best one on "
        f"{_counted(scoring, 'scoring lane')}; a best rate at the edge of its grid extends it"
    )
    yield f"in all {cost} where compiled code is at its best"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
