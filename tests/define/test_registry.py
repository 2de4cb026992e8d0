"""Names of definitions are looked for once in folders as they are, and not kept for ever."""

import gc
import weakref

from optbench.define.registry import KEPT
from optbench.rules import registry

RULE = """
from optbench.define import Log, optimizer

@optimizer(lr=Log(1e-2), power={power}, source="me")
def of_today(x, g, lr, power):
    return x - lr * power * g
"""


def test_names_of_files_that_were_edited_since_are_forgotten(tmp_path):
    first = None
    for edit in range(KEPT + 1):
        (tmp_path / "of_today.py").write_text(RULE.format(power=1.0 + edit))
        names = registry.named(tmp_path)
        assert names.find("of_today").hyper["power"].default == 1.0 + edit
        assert registry.named(tmp_path) is names
        first = first or weakref.ref(names)
    gc.collect()
    assert first() is None
