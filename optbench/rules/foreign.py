"""Minimisers that are no update rules, which studies may name beside them: see `lanes.solvers`."""

METHODS: dict[str, str | None] = {
    "scipy_lbfgsb": "L-BFGS-B",
    "scipy_cg": "CG",
    "scipy_bfgs": "BFGS",
    "scipy_newton_cg": "Newton-CG",
    "scipy_nelder_mead": "Nelder-Mead",
    "random_search": None,
}
"""SciPy's name of the method; None draws points uniformly from the problem's box."""


def no_update_rule(name: str) -> str:
    """Say why a baseline is not an optimizer to be run, checked or set by itself."""
    return (
        f"{name} is a baseline, no update rule: it has no settings and no laws, and runs in "
        f"studies that name it (`optbench run quick -o +{name}`)"
    )
