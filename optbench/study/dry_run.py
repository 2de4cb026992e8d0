"""What a study would run, in words, without running it."""

from collections.abc import Iterator

from optbench.define.plugins import Folders
from optbench.lanes import devices
from optbench.study import devices as study_devices
from optbench.study.cost import pair_costs, study_cost
from optbench.study.pairs import expand
from optbench.study.schema import Study
from optbench.study.tuning import trials_of


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
    cells = 0
    for pair in pairs:
        costs = list(pair_costs(pair, study))
        cells += len(costs)
        trials = _counted(len(trials_of(pair.optimizer, study)), "trial")
        phases = ("tuning", "scoring")[-len(costs) :]
        lanes = " and ".join(
            f"{_counted(part.lanes, f'{phase} lane')}"
            for part, phase in zip(costs, phases, strict=True)
        )
        yield f"{pair.label}: {_counted(pair.steps, 'step')}, {trials}, {lanes}"
    for optimizer, problem, reason in skipped:
        yield f"skipped: {optimizer} on {problem}: {reason}"
    yield (
        f"{_counted(len(pairs), 'pair')}, {_counted(cells, 'cell')}, "
        f"{_counted(cost.lanes, 'lane')}; a best rate at the edge of its grid extends it"
    )
    yield f"in all {cost} where compiled code is at its best"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
