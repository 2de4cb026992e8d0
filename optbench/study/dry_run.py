"""What a study would run, in words, without running it."""

from collections.abc import Iterator, Mapping
from typing import Any

from optbench.define.plugins import Folders
from optbench.lanes import devices
from optbench.study import devices as study_devices
from optbench.study.cost import pair_costs, study_cost
from optbench.study.dividing import ShardNumber, divided
from optbench.study.pairs import expand
from optbench.study.schema import Study
from optbench.study.tuning import trials_of


def facts(
    study: Study,
    folders: Folders = (),
    device: str = "cpu",
    fallback: bool = False,
    threads: int | None = None,
    shard: ShardNumber | None = None,
) -> dict[str, Any]:
    """Return what a study would run, or its shard: pairs, what is skipped, sums; see `lines`."""
    pairs, skipped = expand(study, folders)
    if shard is not None:
        pairs, skipped, _ = divided(pairs, skipped, study, shard)
    pairs, unfit = study_devices.assigned(pairs, devices.resolve(device), fallback)
    cost = study_cost(pairs, study, threads)
    rows, cells = list[dict[str, Any]](), 0
    for pair in pairs:
        costs = list(pair_costs(pair, study))
        phases = ("tuning", "scoring")[-len(costs) :]
        cells += len(costs)
        trials = len(trials_of(pair.optimizer, study))
        rows.append({
            "pair": pair.label, "steps": pair.steps, "trials": trials,
            "lanes": {phase: own.lanes for phase, own in zip(phases, costs, strict=True)},
        })  # fmt: skip
    return {
        "pairs": rows,
        "skipped": [
            {"optimizer": optimizer, "problem": problem, "reason": reason}
            for optimizer, problem, reason in (*skipped, *unfit)
        ],
        "cells": cells,
        "lanes": cost.lanes,
        "cost": str(cost),
    }


def lines(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines that say what a study would run, given its `facts`."""
    for pair in content["pairs"]:
        lanes = " and ".join(
            _counted(count, f"{phase} lane") for phase, count in pair["lanes"].items()
        )
        steps, trials = _counted(pair["steps"], "step"), _counted(pair["trials"], "trial")
        yield f"{pair['pair']}: {steps}, {trials}, {lanes}"
    for pair in content["skipped"]:
        yield f"skipped: {pair['optimizer']} on {pair['problem']}: {pair['reason']}"
    yield (
        f"{_counted(len(content['pairs']), 'pair')}, {_counted(content['cells'], 'cell')}, "
        f"{_counted(content['lanes'], 'lane')}; a best rate at the edge of its grid extends it"
    )
    yield f"in all {content['cost']} where compiled code is at its best"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
