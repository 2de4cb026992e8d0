"""Write the README's table of speeds: Adam beside NumPy, torch and JAX, measured here and now.

``make speeds`` does it, on a machine that does nothing else: half a minute on one core.
"""

import os
import re
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PLACE = re.compile(r"^Nanoseconds a step(?:.*\n)+?\n(?:\|.*\n)+", re.MULTILINE)
"""The paragraph and its table."""
WIDTH = 120
WORK = "adam, rosenbrock, d=2, float64"
PACKAGES = ("numpy", "torch", "jax")


class Peer(NamedTuple):
    """A row of the table: what it says of the peer, and which row of `make perf` that is."""

    text: str
    part: str
    name: str


PEERS = (
    Peer("NumPy over 4096 lanes, in place", "numpy", WORK),
    Peer("torch over 4096 lanes, fused, gradient by formula", "torch", f"torch, fused: {WORK}"),
    Peer("JAX and optax over 4096 lanes, compiled", "jax", WORK),
    Peer("torch, one lane, autograd", "torch", f"torch, one lane: {WORK}"),
)


def measure():
    """Return what `make perf` measures of the peers, as (peer, our ns, their ns), and where."""
    sys.path.insert(0, str(ROOT))
    from tests.benchmarks import perf

    all_cores = perf.one_core()
    os.environ["OPTBENCH_CACHE"] = "off"  # as `make perf` does
    from threadpoolctl import threadpool_limits

    from optbench.study.machine import cpu_name

    with threadpool_limits(1):
        found = [next(perf.rows_of(peer.part, all_cores, {peer.name})) for peer in PEERS]
    return [(peer, row.ours, row.ratio * row.ours) for peer, row in zip(PEERS, found, strict=True)
            ], f"{cpu_name()}; {perf.versions(PACKAGES)}"  # fmt: skip


def time(nanoseconds):
    """Return a time with two digits, or three where there are more."""
    return (
        f"{nanoseconds:.1f} ns" if nanoseconds < 100 else f"{float(f'{nanoseconds:.3g}'):,.0f} ns"
    )


def text(rows, where):
    """Return the paragraph and the table."""
    said = (
        "Nanoseconds a step and lane of Adam on Rosenbrock's function (d=2, float64), medians, one "
        f"thread of an {where} (`make speeds`; [more](docs/performance.md)):"
    )
    lines = textwrap.wrap(said, WIDTH, break_long_words=False, break_on_hyphens=False)
    lines += ["", "| | optbench | peer | ratio |", "|---|---|---|---|"]
    lines += [
        f"| {peer.text} | {time(ours)} | {time(theirs)} | {float(f'{theirs / ours:.2g}'):,g} |"
        for peer, ours, theirs in rows
    ]
    return "\n".join(lines) + "\n"


def main():
    """Measure, and write the README."""
    page = README.read_text("utf-8")
    (before,) = PLACE.findall(page)
    README.write_text(page.replace(before, text(*measure())), "utf-8")


if __name__ == "__main__":
    main()
