"""What a study would run, told without running it."""

from optbench.lanes import devices
from optbench.study import devices as study_devices
from optbench.study.cells import expand
from optbench.study.cost import study_cost


def lines(study, folders=(), device="cpu", fallback=False, threads=None):
    """Yield lines that say what a study would run; see `session.compute`."""
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
    shown = f"{min(grids, default=0)} to {max(grids)}" if len(grids) > 1 else max(grids, default=0)
    yield (
        f"{_counted(len(pairs), 'pair')}, {_counted(cells, 'cell')}, "
        f"{_counted(lanes, 'lane')}: of each pair {shown} rate{'s' * (max(grids, default=0) != 1)} "
        f"on {_counted(tuning, 'tuning lane')} each, the best one on "
        f"{_counted(scoring, 'scoring lane')}; a best rate at the edge of its grid extends it"
    )
    yield f"in all {cost} where compiled code is at its best"


def _counted(number, thing):
    return f"{number} {thing}{'' if number == 1 else 's'}"
