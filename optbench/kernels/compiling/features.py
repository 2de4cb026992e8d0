"""Which SIMD instructions to use: asked of LLVM at import, or forced by ``OPTBENCH_SIMD``.

The level is what Numba's code generator really uses, so LLVM is asked: a product of many lanes is
compiled for the processor and the features that Numba would name (``NUMBA_CPU_NAME`` and
``NUMBA_CPU_FEATURES`` included), and the registers in the result tell. "avx512" and "avx2" are
levels of x86-64, "generic" is whatever LLVM makes of plain vectors elsewhere, on x86-64 its
baseline. Forcing a level takes the instructions beyond it away from the code generator, so that
what runs is what such a machine would run. That must happen before anything is compiled.

Rules divide and take roots by estimates and Newton steps (see `newton`) where that is faster than
the processor's units. ``OPTBENCH_DIVISION`` and ``OPTBENCH_ROOT`` force one or the other, so that
what another processor would compute can be computed here.
"""

import functools
import os

import llvmlite.binding as llvm
from numba.core import codegen, config
from numba.core.registry import cpu_target

from optbench.errors import UserError

LEVELS = ("avx512", "avx2", "generic")
WAYS = ("newton", "hardware")
"""How rules divide and take roots."""
_PLAIN = {"avx2": "haswell", "generic": "x86-64"}
"""A processor with these instructions and no more."""
_PROBE = """
declare <8 x double> @llvm.fma.v8f64(<8 x double>, <8 x double>, <8 x double>)
define void @probe(ptr %p, ptr %q) {
  %x = load <8 x double>, ptr %p
  %y = call <8 x double> @llvm.fma.v8f64(<8 x double> %x, <8 x double> %x, <8 x double> %x)
  store <8 x double> %y, ptr %p
  %i = load <8 x i64>, ptr %q
  %j = add <8 x i64> %i, splat (i64 3)
  store <8 x i64> %j, ptr %q
  ret void
}
"""


@functools.cache
def _level(processor: str, features: str) -> str:
    """Return the level of the code that LLVM generates for a processor."""
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(cpu=processor, features=features)
    code = machine.emit_assembly(llvm.parse_assembly(_PROBE))
    instructions = [line.split() for line in code.splitlines()]
    for level, register in (("avx512", "%zmm"), ("avx2", "%ymm")):
        used = {words[0] for words in instructions if words and register in words[-1]}
        if "vpaddq" in used and any(name.startswith("vfmadd") for name in used):
            return level
    return "generic"


def _available_level() -> str:
    """Return the level that Numba's code generator would use, as far as the machine has it."""
    host = _level(llvm.get_host_cpu_name(), codegen.get_host_cpu_features())
    if config.CPU_NAME is None and config.CPU_FEATURES is None:
        return host
    name = config.CPU_NAME or llvm.get_host_cpu_name()
    # Numba gives a named processor the host's features; a name alone should mean what it says.
    return max(host, _level(name, config.CPU_FEATURES or ""), key=LEVELS.index)


def _level_in_use() -> str:
    """Return the level that ``OPTBENCH_SIMD`` names, else the available one."""
    available = _available_level()
    level = os.environ.get("OPTBENCH_SIMD") or available
    if level not in LEVELS:
        raise UserError(f"OPTBENCH_SIMD={level}: use one of {', '.join(LEVELS)}")
    if LEVELS.index(level) < LEVELS.index(available):
        raise UserError(f"OPTBENCH_SIMD={level}: this processor offers {available} at most")
    return level


def _restrict(level: str) -> None:
    """Take the instructions beyond `level` away from the code generator."""
    processor = config.CPU_NAME or llvm.get_host_cpu_name()
    features = config.CPU_FEATURES
    if features is None:
        features = codegen.get_host_cpu_features()
    if _level(processor, features) == level:
        return
    if "_toplevel_target_context" in vars(cpu_target):
        raise UserError(
            f"cannot keep to {level} instructions: Numba has compiled functions already; import "
            "optbench before anything that does, or unset OPTBENCH_SIMD and NUMBA_CPU_NAME"
        )
    if config.CPU_NAME is None or _level(config.CPU_NAME, "") != level:
        config.CPU_NAME = _PLAIN[level]
    config.CPU_FEATURES = ""


def _by_newton(variable: str, usual: bool) -> bool:
    """Say whether Newton steps are taken: as an environment variable says, else as is `usual`."""
    way = os.environ.get(variable)
    if not way:
        return usual
    if way not in WAYS:
        raise UserError(f"{variable}={way}: use {' or '.join(WAYS)}")
    if way == "newton" and LEVEL != "avx512":
        raise UserError(
            f"{variable}=newton: the estimates need avx512 instructions, and these are {LEVEL}; "
            "use hardware"
        )
    return way == "newton"


llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
LEVEL = _level_in_use()
_restrict(LEVEL)
PROCESSOR = config.CPU_NAME or llvm.get_host_cpu_name()
ROOTS = _by_newton("OPTBENCH_ROOT", LEVEL == "avx512")
DIVIDES = _by_newton("OPTBENCH_DIVISION", LEVEL == "avx512" and not PROCESSOR.startswith("znver"))
"""AMD's cores divide as fast, and can do it while they multiply and add for the roots."""
