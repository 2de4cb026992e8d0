"""Compiling what only compiled code calls, once instead of twice and more.

Numba optimises each function by itself and turns it into machine code, then does so again for every
function that calls it, down to the last helper. A part of another function is optimised where it
ends up and nowhere else: it is kept as LLVM code until then.
"""

import ctypes
from typing import Any

from numba import _dynfunc, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_machinery import register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NativeLowering

from optbench.kernels.compiling.passes import LeanCompiler


class PartLibrary(JITCodeLibrary):
    """A library that is linked into others and never runs by itself."""

    def _optimize_functions(self, ll_module):
        """Have one manager do what Numba does with one for each function, declarations included."""
        ll_module.data_layout = self._codegen._data_layout
        passes, builder = self._codegen._function_pass_manager()
        for function in ll_module.functions:
            if not function.is_declaration:
                passes.run(function, builder)

    def finalize(self):
        """Link what it calls; leave the rest to the libraries that it becomes part of."""
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalize_dynamic_globals()
        self._finalized = True


_REFUSE = ctypes.cast(ctypes.pythonapi.PyErr_BadArgument, ctypes.c_void_p).value
"""What runs if Python calls a part after all: it raises TypeError."""


@register_pass(mutates_CFG=True, analysis_only=False)
class PartLowering(NativeLowering):
    """Lowering without an entry point."""

    _name = "part_lowering"

    def run_pass(self, state):
        """Lower to LLVM code, and let other functions know it."""
        context = state.targetctx
        state.library = PartLibrary(context.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        lowered = state["cr"]
        description = lowered.fndesc
        entry = _dynfunc.make_function(
            description.lookup_module(), description.qualname, "a part of compiled functions",
            _REFUSE, lowered.env, (state.library,),
        )  # fmt: skip
        context.insert_user_function(entry, description, [state.library])
        state.reload_init.extend(state.library._reload_init)
        state["cr"] = lowered._replace(cfunc=entry)
        return True


class PartCompiler(LeanCompiler):
    """The lean pipeline with `PartLowering`."""

    instead = {NativeLowering: PartLowering}


class Part(CPUDispatcher):
    """A part of compiled functions, compiled once for the types of its arguments.

    Numba would compile it anew for every number that is written down in a call. Where it matters
    LLVM knows the number all the same, since it sees the part inside of its caller.
    """

    def get_call_template(self, args: tuple[types.Type, ...], kws: dict[str, types.Type]) -> Any:
        """Return what types a call."""
        general = tuple(map(types.unliteral, args))
        named = {name: types.unliteral(kind) for name, kind in kws.items()}
        return super().get_call_template(general, named)


def part(function: Any, options: dict[str, Any]) -> Part:
    """Return a function as a `Part`, to be compiled with options of `numba.njit`."""
    targeted = dict(nopython=True, boundscheck=None, **options)
    return Part(function, targetoptions=targeted, pipeline_class=PartCompiler)
