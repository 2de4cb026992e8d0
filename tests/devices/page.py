"""Turns the table that `make test-cuda` keeps into markdown, for docs/cuda.md.

python -m tests.devices.page .benchmarks/cuda_compiled.jsonl
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


def markdown(lines):
    """Return a table: registers of a thread, bytes of a thread or block, code in bytes."""
    heads = ["kernel", "dtype", *COLUMNS.values()]
    made = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in lines:
        numbers = [f"{row[name]:g}" if name in row else "" for name in COLUMNS]
        cells = [row["kernel"].replace("+", ", "), row["dtype"], *numbers]
        made.append("| " + " | ".join(cells) + " |")
    return "\n".join(made) + "\n"


if __name__ == "__main__":
    page = Path(__file__).resolve().parents[2] / "docs" / "cuda.md"
    text = page.read_text("utf-8").split(START)[0]
    page.write_text(text + START + "\n" + markdown(rows(sys.argv[1])), "utf-8")
