"""What a study would run, in words, without running it."""

from collections.abc import Iterator, Mapping
from typing import Any

from optbench.define.plugins import Folders
from optbench.errors import counted
from optbench.lanes import devices
from optbench.lanes.guests import running
from optbench.rules.compose import Optimizer
from optbench.study import devices as study_devices
from optbench.study.cost import pair_costs, study_cost
from optbench.study.dividing import ShardNumber, divided
from optbench.study.pairs import expand
from optbench.study.schema import Study
from optbench.study.tuning import extends, search_of, trials_of


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
        "guests": [
            {"optimizer": optimizer.label, "says": _searches(optimizer, study)}
            for optimizer in dict.fromkeys(pair.optimizer for pair in pairs)
            if isinstance(optimizer, Optimizer) and not optimizer.compiled
        ],
        "cells": cells,
        "grids": any(extends(pair, study) for pair in pairs),
        "lanes": cost.lanes,
        "cost": str(cost),
    }


def _searches(optimizer: Optimizer, study: Study) -> str:
    """Say what is searched of a guest, what stays as it is, and how its lanes run."""
    own = search_of(optimizer, study)
    fixed = [
        f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in optimizer.values.items()
        if name not in own and value == value  # what is not a number is left as the guest has it
    ]
    searched = [f"{name} in {search}" for name, search in own.items()]
    return (
        f"searches {', '.join(searched) or 'nothing'}; fixed: {', '.join(fixed) or 'nothing else'} "
        f"(NAME=LOW:HIGH in brackets searches more); in Python, {running.how_lanes_run(optimizer)}"
    )


def lines(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines that say what a study would run, given its `facts`."""
    for pair in content["pairs"]:
        lanes = " and ".join(
            counted(count, f"{phase} lane") for phase, count in pair["lanes"].items()
        )
        steps, trials = counted(pair["steps"], "step"), counted(pair["trials"], "trial")
        yield f"{pair['pair']}: {steps}, {trials}, {lanes}"
    for guest in content["guests"]:
        yield f"{guest['optimizer']}: {guest['says']}"
    for pair in content["skipped"]:
        yield f"skipped: {pair['optimizer']} on {pair['problem']}: {pair['reason']}"
    yield (
        f"{counted(len(content['pairs']), 'pair')}, {counted(content['cells'], 'cell')}, "
        f"{counted(content['lanes'], 'lane')}"
        f"{'; a best rate at the edge of its grid extends it' if content['grids'] else ''}"
    )
    yield f"in all {content['cost']} where compiled code is at its best"
