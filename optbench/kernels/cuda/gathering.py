"""Loads that wait for a kernel while it runs go together: the next launch takes them all.

Nobody waits for others to come. Who comes first runs alone; meanwhile others come, from the threads
of a study, and one of them runs them all. What a lane gives does not depend on its company.
"""

import threading
from collections.abc import Callable, Hashable, Sequence

from optbench.kernels.cuda.load import Load


class _Waiting:
    """A load of which nobody has said yet what became of it."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.done = False
        self.error: BaseException | None = None


class Gathering:
    """The launches of a kernel, one at a time."""

    def __init__(self) -> None:
        self._turn, self._guard = threading.Lock(), threading.Lock()
        self._waiting: dict[Hashable, list[_Waiting]] = {}

    def run(self, likeness: Hashable, load: Load, launch: Callable[[Sequence[Load]], None]) -> None:
        """Run a load by `launch`, with all that wait and have the same likeness.

        An error is raised for each of them.
        """
        own = _Waiting(load)
        with self._guard:
            self._waiting.setdefault(likeness, []).append(own)
        with self._turn:
            if not own.done:
                with self._guard:
                    together = self._waiting.pop(likeness)
                _launched(together, launch)
        if own.error is not None:
            raise own.error


def _launched(together: Sequence[_Waiting], launch: Callable[[Sequence[Load]], None]) -> None:
    error: BaseException | None = None
    try:
        launch([each.load for each in together])
    except BaseException as raised:
        error = raised
    for each in together:
        each.done, each.error = True, error
