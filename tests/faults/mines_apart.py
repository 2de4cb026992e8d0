"""Files of a user's that raise, exit, crash, hang or burst, each at one place."""

HEAD = """
import ctypes, os, sys, time
from pathlib import Path
import numpy as np
from optbench.define import problem

FLAG = Path({flag!r})

def hang():
    FLAG.write_text(str(os.getpid()))
    time.sleep(1e6)

def bowl(name, act=lambda: None):
    @problem(start=[1.0, -2.0], box=(-4.0, 4.0), source="by hand", name=name)
    def own(x, g, p):
        g[0], g[1] = 2.0 * x[0], 2.0 * x[1]
        return x[0] * x[0] + x[1] * x[1]

    @own.instance
    def _(dim, instance):
        if instance == 2:  # not the one that is published
            act()
        return {{"p": [1.0], "minimum": [0.0, 0.0], "f_min": 0.0}}

    return own
"""
ACTS = {
    "raises": "lambda: 1 / 0",
    "sys_exits": "lambda: sys.exit(4)",
    "os_exits": "lambda: os._exit(3)",
    "segfaults": "lambda: ctypes.string_at(0)",
    "eats": "lambda: [np.ones(10**7) for _ in range(200)]",
}
REASONS = {
    "raises": r"ZeroDivisionError: division by zero",
    "sys_exits": r"exited with 4 \(sys\.exit\)",
    "os_exits": r"exited with 3",
    "segfaults": r"killed by signal 11 \(SIGSEGV\), at .*own\.py:\d+",
    "eats": r"takes more than 400 MB \(--memory\)",
}
LOOPS = """
@problem(start=[1.0, -2.0], minimum=0.0, f_min=0.0, box=(-4.0, 4.0), source="by hand")
def loops(x, g):
    g[0], g[1] = 2.0 * x[0], 2.0 * x[1]
    f = x[0] * x[0] + x[1] * x[1]
    while f < 4.9:  # below the start: compiled lanes get there, no check does
        f = f * 0.999
    return f
"""
WAITS = """
waits_for_flag = bowl("waits_for_flag", lambda: FLAG.read_text())
"""


def write(folder, *, acts=(), more="", flag="/nonexistent"):
    """Write a folder of a user's with the problems `fine`, those of `acts`, and what is in `more`.

    Returns
    -------
    path
    """
    folder.mkdir(exist_ok=True)
    lines = [f'{name} = bowl("{name}", {act})' for name, act in acts]
    text = HEAD.format(flag=str(flag)) + '\nfine = bowl("fine")\n' + "\n".join(lines) + "\n" + more
    (folder / "own.py").write_text(text)
    return folder
