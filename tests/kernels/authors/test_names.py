"""Names in the source of a rule's block: what the engine binds no author can have bound."""

import ast

import pytest

from optbench.define.names import is_name
from optbench.define.rule_facts import BOUND_BY_ENGINE
from optbench.kernels.authors.writer import rule_source
from optbench.rules import compose, registry
from optbench.rules.wrappers_before import WRAPPERS


def optimizers():
    """Yield every rule, and gd with every wrapper."""
    for name in registry.optimizers():
        yield compose.optimizer(name)
    for wrapper in WRAPPERS:
        name, allowed = next(iter(wrapper.hyper.items()))
        yield compose.optimizer(f"gd[{name}={max(allowed.default, 1e-3):g}]")


@pytest.mark.parametrize("by_lane", [False, True])
@pytest.mark.parametrize("width", [1, 8])
def test_the_engine_binds_reserved_names_or_names_that_no_author_may_choose(by_lane, width):
    seen = set()
    for optimizer in optimizers():
        layout = optimizer.layout()
        layout.by_lane = by_lane
        parts = {part.name for part in layout.parts}
        authors = {*layout.lane_state, *layout.hyper, *layout.flags}
        for node in ast.walk(ast.parse(rule_source(layout, width))):
            if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Store):
                continue
            own = node.id in authors or any(node.id.startswith(f"{part}_") for part in parts)
            if not own and is_name(node.id):
                seen.add(node.id)
    assert sorted(seen - BOUND_BY_ENGINE) == []
