"""Making the bitcode that comes with the package: ``python -m optbench.lanes.release``.

What holds no code of authors is compiled here, once for all processors, or once a level of SIMD
instructions where it asks for the level (see `kernels.compiling.shipped`). A processor can stand in
for all with fewer instructions, so each level has a process of its own that keeps to it. Everything
is compiled anew: what is in the cache is machine code.
"""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from numba.core.dispatcher import Dispatcher

from optbench.kernels.compiling import shipped
from optbench.kernels.compiling.features import LEVEL, LEVELS
from optbench.kernels.cpu import driver
from optbench.kernels.cpu.feed import feeder
from optbench.kernels.memory import calls, floating
from optbench.kernels.products import product
from optbench.kernels.sizes import WIDTHS
from optbench.nets import diagnosis, network
from optbench.nets.tape import operations, units


def of_all_levels() -> Iterator[Dispatcher]:
    """Compile the units that are the same whatever instructions a processor has."""
    yield floating.mode_setter()
    for dtype in WIDTHS:
        yield from (driver.compiled(dtype, general) for general in (True, False))
        yield feeder(dtype)
        yield from (calls.invoker(cls, dtype) for cls in calls.FIELDS)


def of_this_level() -> Iterator[Dispatcher]:
    """Compile the units that differ by level: products, and what nets are made of."""
    for dtype in WIDTHS:
        for name in product.ARGUMENTS:
            yield product.compiled(dtype, name)
        for name in ("problem", "metrics", "adjust"):
            yield network.compiled(name, dtype.name).entry
        for name, way in itertools.product(operations.NAMES, units.WAYS):
            yield units.compiled(name, way, dtype.name).entry
        yield diagnosis.compiled(dtype.name).entry


def make(folder: Path, for_all: bool) -> None:
    """Write the units of this process's level into a folder, and those of all where asked to."""
    with shipped.recording():
        if for_all:
            for dispatcher in of_all_levels():
                shipped.write(dispatcher, folder, by_level=False)
        for dispatcher in of_this_level():
            shipped.write(dispatcher, folder, by_level=True)


def make_all(folder: Path) -> None:
    """Write the units of all levels that this processor can run, in place of what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    processes = []
    for level in LEVELS[LEVELS.index(LEVEL) :]:
        command = [sys.executable, "-m", __spec__.name, str(folder), str(level == LEVEL)]
        environment = {**os.environ, "OPTBENCH_SIMD": level, "OPTBENCH_CACHE": "off"}
        processes.append(subprocess.Popen(command, env=environment))
    if any([process.wait() for process in processes]):
        raise SystemExit("some units were not compiled: see above")
    files = list(folder.iterdir())
    size = sum(path.stat().st_size for path in files)
    print(f"{len(files)} units, {size / 1e6:.1f} MB: {folder}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        make(Path(sys.argv[1]), sys.argv[2] == "True")
    else:
        make_all(shipped.FOLDER)
