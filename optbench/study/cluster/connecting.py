"""A Dask cluster as a study sees it: its workers by address, each with the code and versions here.

The cluster is trusted: whoever reaches its scheduler runs code of theirs on all its workers, and
what workers send back is unpickled here. Dask encrypts and authenticates by certificates where it
is told to (its own settings), and not otherwise.
"""

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from optbench.errors import UserError
from optbench.study.cluster.serving import facts_of_worker

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECTING = 30
"""Seconds for a scheduler to answer."""


class ClusterError(UserError):
    """A cluster cannot be reached or used; the message says what is needed."""


class OtherVersionWarning(UserWarning):
    """A worker that came while a study ran has other code or versions, and is not used."""


@dataclass
class Cluster:
    """The workers of a scheduler.

    Attributes
    ----------
    client : distributed.Client
    address : str
        Of the scheduler, for messages.
    refused : set of str
        Addresses of workers that came later, with other code or versions.
    """

    client: "Client"
    address: str
    refused: set[str] = field(default_factory=set)
    _same: set[str] = field(default_factory=set)

    def workers(self) -> dict[str, int]:
        """Return address -> threads of all workers that may be used, as things stand now.

        Raises
        ------
        ClusterError
            If the scheduler does not answer any more.
        """
        threads: Mapping[str, int] = self._asked(self.client.nthreads)
        self._same &= threads.keys()  # an address may come again with another process
        self.refused &= threads.keys()
        new = threads.keys() - self._same - self.refused
        if new:
            different = self._differences(sorted(new))
            self._same |= new - different.keys()
            self.refused |= different.keys()
            for text in different.values():
                message = f"not used: {text}"
                warnings.warn(message, OtherVersionWarning, stacklevel=2)
        return {address: n for address, n in threads.items() if address in self._same}

    def check(self) -> None:
        """Compare code, versions and processors of all workers with those of this process.

        Raises
        ------
        ClusterError
            If a worker has others.
        """
        present = sorted(self._asked(self.client.nthreads))
        different = self._differences(present)
        if different:
            first, *others = different.values()
            more = f", and so it is with {len(others)} more" if others else ""
            raise ClusterError(
                f"{first}{more}. Results would differ; install the same packages for all workers, "
                "on one model of processor, and start optbench on one, too"
            )
        self._same = set(present)

    def submit(
        self, worker: str, function: Callable[..., Any], *arguments: object
    ) -> "Future[Any]":
        """Have a worker, and no other, call a function."""
        return self.client.submit(
            function, *arguments, workers=[worker], allow_other_workers=False, pure=False
        )

    def _differences(self, workers: list[str]) -> dict[str, str]:
        """Return address -> in what a worker differs from this process, of those that do."""
        if not workers:
            return {}
        here = facts_of_worker()
        answers: Mapping[str, Any] = self._asked(
            lambda: self.client.run(facts_of_worker, workers=workers, on_error="return")
        )
        different = {}
        for address, facts in answers.items():
            if isinstance(facts, BaseException):
                problem = f"cannot run optbench ({type(facts).__name__}: {facts})"
                different[address] = f"worker {address} {problem}"
            elif facts != here:
                names = [name for name in here if facts.get(name) != here[name]]
                texts = (f"{n} {_short(facts.get(n))} (here {_short(here[n])})" for n in names)
                different[address] = f"worker {address} has {', '.join(texts)}"
        return different

    def _asked(self, question: Callable[[], Any]) -> Any:
        """Return the answer of the scheduler."""
        try:
            return question()
        except (OSError, TimeoutError, RuntimeError) as error:
            raise ClusterError(
                f"the scheduler at {self.address} does not answer any more "
                f"({type(error).__name__}: {error}); what has finished is kept, and the same "
                "command goes on"
            ) from None


@contextlib.contextmanager
def connected(scheduler: str | None, workers: int | None) -> Iterator[Cluster]:
    """Connect to a scheduler, or start a cluster of so many worker processes on this machine.

    Raises
    ------
    ClusterError
        If the package is missing, nothing answers, or a worker has other code or versions.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise ClusterError(
            "--scheduler and --workers need the package distributed: "
            "pip install 'optbench[distributed]'"
        ) from None
    with contextlib.ExitStack() as opened:
        address = scheduler or "this machine"
        if scheduler is None:
            opened.enter_context(_without_script())
            local = LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None,
                host="127.0.0.1", silence_logs=50,
            )  # fmt: skip
            where = opened.enter_context(local)
        try:
            client = Client(scheduler or where, timeout=CONNECTING, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(
                f"no Dask scheduler answers at {address} ({type(error).__name__}: {error}); "
                "start one with `dask scheduler`, which prints its address"
            ) from None
        cluster = Cluster(opened.enter_context(client), address)
        cluster.check()
        yield cluster


@contextlib.contextmanager
def _without_script() -> Iterator[None]:
    """Have processes start without the script that is running.

    Processes that are spawned run it first, and where nothing guards its own work they would do
    that. What workers are sent is found by name in modules and files, never in the script.
    """
    script = vars(sys.modules["__main__"])
    names: dict[str, Any] = {
        name: script.pop(name) for name in ("__file__", "__spec__") if name in script
    }
    script["__spec__"] = None
    try:
        yield
    finally:
        script |= names


def _short(value: str | None) -> str:
    """Return a value for a message; of a hash the beginning."""
    text = value or "not there"
    return text[:12] if len(text) == 64 else text
