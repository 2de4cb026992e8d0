"""Inputs that nobody means well, drawn from a seed, and what must not come of them.

``python -m tests.faults.hostile_inputs FOLDER COUNT FIRST`` meets COUNT inputs of each kind, of the
seeds FIRST, FIRST + 1, ..., in this process, and prints a line for each that ends otherwise than in
a result or in one message: a raw error, a write outside of the folder it was given, something
unpickled, a connection. It is kept in FOLDER, and belongs into tests/fixtures/hostile when it is
mended. Beyond `hostile_watch.SECONDS` the process ends with the stack of what hangs; the last name
printed to standard error is that.
"""

import io
import json
import pickle
import random
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np

from tests.faults.author_files import BOWL, RULE
from tests.faults.hostile_watch import Watch
from tests.faults.inputs import FEATURES, rows
from tests.hostile import HOSTILE, Trap

KINDS = ("toml", "arguments", "data", "plugin")
STUDY = """
optimizers = ["adam", "momentum[momentum=0.8]"]
problems = [{ name = "sphere", dims = [2, 5], steps = 30 }, "booth"]
steps = 20
seeds = 2
lr = { low = 1e-3, high = 0.1, count = 3 }
space = "lr"
tuning_instances = [1, 2]
scoring_instances = [3, 4]
target = 1e-6
"""
VALUES = (
    "nan", "inf", "-inf", "0", "-1", "1e400", "1e-400", "9" * 400, "9" * 5000,
    "1979-05-27", "true", '""', "[]", "{}", "[[[]]]",
    "'''\n'''", '"\\u0000"', '"../../../etc/passwd"', '"~"', '"/dev/zero"',
    '"\U0001f4a9"', "{ a = { b = 1 } }", "0x10", "1_0", '"' + "x" * 5000 + '"', "[" * 5000,
    "{a=" * 3000, '["*"]', '"*"', '"%s%n{0}"', "2**63", "9223372036854775808", '[{ name = "?" }]',
    *(f'"{name}"' for name in HOSTILE if '"' not in name and "\n" not in name and "\\" not in name),
)  # fmt: skip
"""What a field of a study is not, as TOML."""
WORDS = (
    "default", "quick", "adam", "sphere", "booth", "study.toml", "data.csv", "plugins", ".", "..",
    "/", "", "-", "--", "*", "?", "[", "]", "+", "+adam[", "adam[lr=", "adam[beta1=2]", "sphere[",
    "run", "-1", "0", "1e400", "nan", "1:2", "1:2:3:4", "1e-3:1:5", "9" * 400, "cuda", "auto",
    "float16", "a=b", "results/x", "\udcff", "~", "x" * 3000, *HOSTILE,
)  # fmt: skip
COMMANDS = (
    ("run", "--dry-run"), ("run", "--dry-run"), ("run", "--dry-run"), ("list", "problems"),
    ("list", "optimizers"), ("list", "runs"), ("report",),
    ("export",), ("compare",), ("merge",), ("figures",), ("list", "studies"), ("list", "claims"),
    ("run", "claims", "--dry-run"), ("new", "problem"), ("new", "optimizer"), (),
)  # fmt: skip
OF_RUN = (
    "-o", "-p", "--lr", "--seeds", "--steps", "--dtype", "--threads", "--device", "--plugins",
    "--shard",
)  # fmt: skip
OPTIONS = (
    "-o", "-p", "--lr", "--seeds", "--steps", "--dtype", "--threads", "--device", "--fallback",
    "--plugins", "--against", "--quick", "--shard", "-k", "--seed", "--json", "--out", "--root",
    "-v", "--help", "--no-such", "-x", "--incomplete", "--format",
)  # fmt: skip
NET = """
    from optbench.define import net
    own_net = net("own_net", data="data.csv", sizes=(2, 3, 2), batch=2, init="he_normal",
                  loss_target=0.1, error_target=0.1)
"""
PLUGIN = textwrap.dedent(BOWL.format(name="own_bowl") + RULE.format(name="own_rule") + NET)
ANY_BYTES = ("utf-8", "surrogateescape")
PIECES = (
    "start=[]", "start=[float('nan')] * 2", "start='ab'", "start=[1e400, 0]", "minimum=[1.0]",
    "f_min='0'", "dims=(0,)", "dims=(10**9,)", "dims=(-1, 2)", "box=(1, 0)", "tags=['no such']",
    "name='../x'", "name=''", "name='a b'", "lr=Log(-1)", "lr=Log(float('nan'))", "lr=None",
    "state=('x',)", "state=5", "source=b'x'", "data='/dev/zero'", "sizes=()", "sizes=(0, 0)",
    "batch=0", "batch=10**12", "init='no'", "x=1", "*()", "**{}", "lambda: 0", "[0] * 3",
)  # fmt: skip
"""What a declaration does not take."""


def drawn(kind, seed):
    """Return (files, arguments) of an input: name -> bytes, and a command line."""
    draw = random.Random(f"{kind} {seed}")
    files = {"study.toml": STUDY.encode(), "data.csv": rows().encode()}
    return {"toml": _toml, "arguments": _arguments, "data": _data, "plugin": _plugin}[kind](
        draw, files
    )


def _toml(draw, files):
    lines = STUDY.strip().splitlines()
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(lines))
        name = lines[at].partition(" = ")[0]
        match draw.randrange(4):
            case 0 | 1:
                lines[at] = f"{name} = {draw.choice(VALUES)}"
            case 2:
                lines[at] = f"{draw.choice(WORDS)} = {draw.choice(VALUES)}"
            case 3:
                lines.append(lines[at])
    text = "\n".join(lines).encode(*ANY_BYTES)
    files["study.toml"] = _damaged(draw, text) if draw.random() < 0.3 else text
    return files, ["run", "study.toml", "--dry-run"]


def _arguments(draw, files):
    arguments = [*draw.choice(COMMANDS)]
    known = OF_RUN if arguments == ["run", "--dry-run"] else OPTIONS
    for _ in range(draw.randint(0, 5)):
        if draw.random() < 0.8:
            arguments.append(draw.choice(known if draw.random() < 0.9 else OPTIONS))
        arguments.append(draw.choice(WORDS))
    return files, arguments


def _data(draw, files):
    kind = draw.choice(["csv", "npz", "npy", "pickle"])
    buffer = io.BytesIO()
    objects = np.array([Trap("unpickled")] * 6, dtype=object)
    match kind:
        case "csv":
            buffer.write(rows(draw.choice([",", ";", "\t", "|", " "])).encode())
        case "npz":
            X = objects if draw.random() < 0.3 else FEATURES * draw.choice([1, np.nan, 1e308])
            np.savez(buffer, X=X, y=np.arange(6) % 2)
        case "npy":
            np.save(buffer, objects, allow_pickle=True)
        case "pickle":
            pickle.dump(Trap("unpickled"), buffer)
    content = buffer.getvalue()
    if kind == "csv" or draw.random() < 0.5:
        content = _damaged(draw, content)
    name = draw.choice(["data.csv", "data.npz", "data.NPZ", "images-idx3", "data.tsv", "data"])
    text = PLUGIN.replace("data.csv", name)
    return {**files, name: content, "plugins/own.py": text.encode()}, [
        "run", "study.toml", "--dry-run", "--plugins", "plugins", "-p", "+own_net", "-p", "own_net",
    ]  # fmt: skip


def _plugin(draw, files):
    text = PLUGIN
    for _ in range(draw.randint(1, 3)):
        match draw.randrange(4):
            case 0:
                text = text.replace("(", f"({draw.choice(PIECES)}, ", draw.randint(1, 4))
            case 1:
                lines = text.splitlines()
                del lines[draw.randrange(len(lines))]
                text = "\n".join(lines)
            case 2:
                old = draw.choice(
                    ["x[0]", "1.0", "x", "g", "0.1", "own_bowl", "own_rule", "return"]
                )
                text = text.replace(old, draw.choice(["", "1/0", "None", "'a'", "[", "raise", "é"]))
            case 3:
                text = _damaged(draw, text.encode("utf-8", "surrogateescape")).decode(
                    "utf-8", "surrogateescape"
                )
    content = text.encode(*ANY_BYTES)
    arguments = draw.choice([
        ["list", "problems", "--plugins", "plugins"],
        ["list", "optimizers", "--plugins", "plugins"],
        ["run", "study.toml", "--dry-run", "--plugins", "plugins", "-p", "+own_bowl"],
        ["run", "study.toml", "--dry-run", "--plugins", "plugins", "-o", "+own_rule"],
    ])  # fmt: skip
    return {**files, "plugins/own.py": content}, arguments


def _damaged(draw, content):
    """Return bytes with some of them changed, cut out, doubled or put in."""
    content = bytearray(content)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(content) + 1)
        match draw.randrange(4):
            case 0:
                content[at : at + 1] = draw.randbytes(draw.randint(1, 3))
            case 1:
                del content[at : at + draw.randint(1, 40)]
            case 2:
                content[at:at] = content[at : at + 60]
            case 3:
                content[at:at] = draw.randbytes(draw.randint(1, 8))
    return bytes(content)


def write(folder, files):
    """Write files below a folder."""
    for name, content in files.items():
        (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
        (Path(folder) / name).write_bytes(content)


def keep(folder, files, arguments):
    """Write an input into a folder of its own, to be met again."""
    write(folder, {**files, "arguments.json": json.dumps(arguments).encode()})


def kept(folder):
    """Return (files, arguments) of an input that `keep` wrote."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    files = {str(path.relative_to(folder)): path.read_bytes() for path in paths}
    return files, json.loads(files.pop("arguments.json"))


def main(folder, count, first, *inputs):
    """Meet inputs: so many of each kind from a seed on, and those kept in the folders `inputs`.

    What ends badly is printed, and kept in `folder`; return how many do.
    """
    names = [f"{kind}-{int(first) + i}" for kind in KINDS for i in range(int(count))]
    watch, bad = Watch(), 0
    for name in [*names, *inputs]:
        print(name, file=sys.stderr, flush=True)  # the last one is what hangs
        kind, _, seed = name.partition("-")
        files, arguments = drawn(kind, int(seed)) if name in names else kept(Path(name))
        with tempfile.TemporaryDirectory() as place:
            write(place, files)
            wrong = watch(place, arguments)
        if wrong is not None:
            bad += 1
            keep(Path(folder) / Path(name).name, files, arguments)
            print(f"{name}: {wrong!r:.400}", flush=True)
    return bad


if __name__ == "__main__":
    raise SystemExit(bool(main(*sys.argv[1:])))
