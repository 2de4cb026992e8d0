"""A scheduler and worker processes on this machine, as `dask scheduler` and `dask worker` start."""

import contextlib
import json
import os
import subprocess
import sys
import time

PATIENCE = 60.0
"""Seconds in which a busy machine starts a scheduler or a worker."""


class Cluster:
    """Processes that end with the test."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.file = folder / "scheduler.json"
        self.start("scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1")
        self.address = _soon(lambda: json.loads(self.file.read_text())["address"])

    def start(self, what, *options, **environment):
        """Start a scheduler or a worker; return its process."""
        command = [sys.executable, "-m", "dask", what, "--scheduler-file", str(self.file)]
        log = open(self.folder / f"{what}-{len(self.processes)}.log", "wb")
        with log:
            process = subprocess.Popen(
                [*command, *options], env={**os.environ, **environment}, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def worker(self, *options, **environment):
        """Start a worker with one thread; return its process."""
        named = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder))
        return self.start("worker", *named, *options, **environment)

    def wait_for(self, count):
        """Wait until the scheduler has so many workers; return their addresses."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=PATIENCE)
            return sorted(client.nthreads())

    def close(self):
        for process in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()


def _soon(value):
    """Return a value as soon as it can be had."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return value()
        except (OSError, ValueError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
