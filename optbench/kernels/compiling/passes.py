"""Numba's passes over a function, without those that have nothing to do in it.

Each of them goes over the whole function several times, only to find that out.
"""

import dis
from types import CodeType

from numba.core import types
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import (
    CompilerPass,
    PassManager,
    _pass_registry,
    register_pass,
)
from numba.core.errors import NumbaError
from numba.core.typed_passes import NopythonRewrites
from numba.core.untyped_passes import InlineClosureLikes, IRProcessing


class Passes(PassManager):
    """Numba's passes one after the other, without the texts and times that it notes of each."""

    def run(self, state):
        """Run all passes on the state of a compilation."""
        for kind, description in self.passes:
            step = _pass_registry.get(kind).pass_inst
            step.analysis = self._analysis
            try:
                step.run_initialization(state)
                step.run_pass(state)
                step.run_finalizer(state)
            except NumbaError as error:
                place = f"Failed in {self.pipeline_name} mode pipeline (step: {description})"
                self._patch_error(place, error)
                raise


def has_closures(code: CodeType) -> bool:
    """Say whether Numba may build something into the function: closures, lists, reductions."""
    return (
        any(isinstance(constant, CodeType) for constant in code.co_consts)
        or "reduce" in code.co_names
        or any(one.opname in ("BUILD_LIST", "LIST_APPEND") for one in dis.get_instructions(code))
    )


@register_pass(mutates_CFG=True, analysis_only=False)
class BuildingIn(InlineClosureLikes):
    """What builds closures into a function, where it may have some."""

    _name = "building_in"

    def run_pass(self, state):
        """Do so."""
        return has_closures(state.func_id.code) and super().run_pass(state)


@register_pass(mutates_CFG=True, analysis_only=False)
class ArrayRewrites(NopythonRewrites):
    """What rewrites expressions of arrays, and of records by names, where there are some."""

    _name = "array_rewrites"

    def run_pass(self, state):
        """Do so."""
        kinds = types.ArrayCompatible, types.StringLiteral
        there = any(isinstance(kind, kinds) for kind in state.typemap.values())
        return there and super().run_pass(state)


_INSTEAD: dict[type[CompilerPass], type[CompilerPass] | None] = {
    IRProcessing: None,  # it finds what lives where, which is found anew before it is asked for
    InlineClosureLikes: BuildingIn,
    NopythonRewrites: ArrayRewrites,
}


class LeanCompiler(CompilerBase):
    """Numba's pipeline with these passes.

    Attributes
    ----------
    instead : dict
        Further passes that others take the place of.
    """

    instead: dict[type[CompilerPass], type[CompilerPass] | None] = {}

    def define_pipelines(self):
        """Return the only pipeline."""
        instead = {**_INSTEAD, **self.instead}
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        lean = Passes(passes.pipeline_name)
        chosen = ((instead.get(step, step), description) for step, description in passes.passes)
        lean.passes = [(step, description) for step, description in chosen if step]
        lean.finalize()
        return [lean]
