"""``--against``: what a study is compared with, checked before it runs and told when it has."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optbench.cli import completing
from optbench.errors import UserError

if TYPE_CHECKING:
    from optbench.report.baseline.stored import Stored
    from optbench.report.statistics.load import RunFrames
    from optbench.study.schema import Study

against_option = click.option(
    "--against", metavar="RUN",
    help="Stored results, drawn in grey and compared with: `baseline`, or a run.",
    shell_complete=completing.stored,
)  # fmt: skip


def stored_for(study: "Study", name: str, plugins: Sequence[Path]) -> "Stored":
    """Return what a study is to be compared with.

    Raises
    ------
    UserError
        If there is no such thing, or no problem of the study can be compared with it.
    """
    from optbench.report.baseline import finding, matching
    from optbench.study.claiming import problem_facts
    from optbench.study.draws import scoring_instances
    from optbench.study.pairs import expand

    stored = finding.find(name, study.name)
    terms = {
        pair.problem_label: matching.Terms(
            {
                **problem_facts(pair.problem, study), "budget": pair.budget, "dtype": pair.dtype,
                "objective": study.objective,
            },
            scoring_instances(pair.problem, study), study.seeds, study.study_seed,
        )
        for pair in expand(study, plugins)[0]
    }  # fmt: skip
    reasons = matching.left_out(terms, stored)
    if len(reasons) == len(terms):
        raise UserError(
            "nothing of the study can be compared: "
            + "; ".join(matching.lines(reasons, stored.place))
        )
    return stored


def loaded_beside(folder: Path, stored: "Stored") -> "tuple[RunFrames, dict[str, Any]]":
    """Return the frames of a run with stored results beside its own, and its manifest."""
    from optbench.report import second_process

    frames, manifest = second_process.load(folder)  # before other imports: it imports the same
    from optbench.report.baseline.frames import with_stored
    from optbench.report.statistics.load import load_lanes

    return with_stored(frames, load_lanes(folder), stored, manifest["study_seed"]), manifest


def beside(folder: Path, name: str) -> "tuple[RunFrames, dict[str, Any]]":
    """Return frames and manifest of a run, with what is stored under a name beside its own."""
    from optbench.report.baseline import finding
    from optbench.study.results import Results

    with Results(folder) as results:
        study = results.manifest()["study"]["name"]
    return loaded_beside(folder, finding.find(name, study))


def verdict(
    folder: Path, frames: "RunFrames", stored: "Stored", study: "Mapping[str, Any]"
) -> Iterator[str]:
    """Yield the lines of what a run of a study, as its manifest has it, says against others."""
    from optbench.report.baseline.verdict import verdict_lines
    from optbench.report.statistics.load import load_lanes

    yield from verdict_lines(frames["against"], load_lanes(folder), stored, study)
