"""What the pairs of a running study share, and how an error ends one pair alone."""

import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from optbench.define.limits import Limits
from optbench.errors import DeviceLostError, ResultsError, UserCodeError, UserError
from optbench.study.pairs import Pair, PairKey
from optbench.study.progress import Progress
from optbench.study.results import FAILED
from optbench.study.schema import Study
from optbench.study.store import Store

if TYPE_CHECKING:
    from optbench.kernels.cuda.switch import Switch


class StoppedError(Exception):
    """The study was told to stop."""


ENDS_THE_STUDY = (StoppedError, ResultsError, DeviceLostError)
"""It was told to stop, nothing can be stored any more, nothing can run any more."""


@dataclass
class StudyRun:
    """What the pairs of a running study share.

    Attributes
    ----------
    study : Study
    store : Store
    progress : Progress
    stop : threading.Event
        Set when no further cell is to begin.
    idle : threading.Semaphore
        Counts the threads that have no pair left to run, and may help with those under way.
    switches : dict
        `Pair.key` -> the kernel that a pair on CUDA shares with others; see `switching`.
    folders : tuple of Path
        The user's own, in which definitions are found.
    limits : Limits
        What the user's code may take.
    """

    study: Study
    store: Store
    progress: Progress
    stop: threading.Event = field(default_factory=threading.Event)
    idle: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    switches: "Mapping[PairKey, Switch]" = field(default_factory=dict)
    folders: tuple[Path, ...] = ()
    limits: Limits = Limits()


class PairErrors:
    """A block whose errors fail its pair and nothing else; what ends the study goes on up."""

    def __init__(self, pair: Pair, run: StudyRun) -> None:
        self.pair, self.run = pair, run
        self.failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception) or isinstance(error, ENDS_THE_STUDY):
            return False
        reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        own = error.trace if isinstance(error, UserCodeError) else ""
        text = own or "".join(traceback.format_exception(error))
        self.run.store.end_pair(*self.pair.key, FAILED, reason=reason, trace=text)
        self.run.progress.fail(self.pair, reason)
        self.failed = True
        return True
