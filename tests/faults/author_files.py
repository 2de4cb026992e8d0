"""Files as authors write them, with a problem or a rule each."""

import textwrap

BOWL = """
    from optbench.define import problem

    @problem(start=[1.0, 2.0], minimum=[0.0, 0.0], f_min=0.0)
    def {name}(x):
        return x[0] * x[0] + 2.0 * x[1] * x[1]
"""
RULE = """
    from optbench.define import Log, optimizer

    @optimizer(lr=Log(0.1))
    def {name}(x, g, lr):
        return x - lr * g
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path.parent
