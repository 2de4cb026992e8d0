"""Turns the table that `make test-cuda` keeps into markdown, for docs/cuda.md.

python -m tests.devices.page .benchmarks/cuda_compiled.jsonl

Kernels that the table does not have keep their lines on the page.
"""

import json
import sys
from pathlib import Path

START = "<!-- kernels -->\n"
COLUMNS = {
    "registers": "registers", "spilled_bytes": "spilled", "shared_bytes": "shared",
    "local_bytes": "local", "cubin_bytes": "code", "instructions_per_step": "instructions a step",
    "float_per_step": "of them float", "divisions_and_roots_per_step": "divisions, roots",
}  # fmt: skip


def rows(path):
    """Return the lines of a table, one a kernel and dtype, the last of several."""
    lines = map(json.loads, Path(path).read_text("utf-8").splitlines())
    found = {(row["kernel"], row["dtype"]): row for row in lines}
    return sorted(found.values(), key=lambda row: "instructions_per_step" not in row)


def line_of(row):
    """Return a line: registers of a thread, bytes of a thread or block, code in bytes."""
    numbers = [f"{row[name]:g}" if name in row else "" for name in COLUMNS]
    return "| " + " | ".join([row["kernel"].replace("+", ", "), row["dtype"], *numbers]) + " |"


def markdown(lines, before=()):
    """Return a table of rows, which take the places of lines of theirs that were there before."""
    heads = ["kernel", "dtype", *COLUMNS.values()]
    known = {key_of(line): line for line in before} | {
        key_of(line): line for line in map(line_of, lines)
    }
    made = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|", *known.values()]
    return "\n".join(made) + "\n"


def key_of(line):
    """Return the kernel and the dtype that a line is about."""
    return tuple(line.split(" | ")[:2])


if __name__ == "__main__":
    page = Path(__file__).resolve().parents[2] / "docs" / "cuda.md"
    text, table = page.read_text("utf-8").split(START)
    before = table.strip().split("\n")[2:]
    page.write_text(text + START + "\n" + markdown(rows(sys.argv[1]), before), "utf-8")
