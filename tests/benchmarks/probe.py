"""Counts on demand: for each line read, does a fixed amount of work and prints its nanoseconds."""

import sys
import time

ROUNDS = 2_000_000


def work():
    """Return the nanoseconds of a loop that needs nothing but a core."""
    began = time.perf_counter()
    total = 0
    for i in range(ROUNDS):
        total += i & 7
    return (time.perf_counter() - began) / ROUNDS * 1e9


work()
print("ready", flush=True)
for _ in sys.stdin:
    print(work(), flush=True)
