"""What the page of lessons says in words is what its cells show."""

import ast
import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "examples" / "lessons.md"
CELLS = re.findall(r"```\{code-cell\} ipython3\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def shown():
    """Return what each cell prints, and the value of its last line, as a notebook shows them."""
    names, results = {}, []
    for cell in CELLS:
        body, printed, value = ast.parse(cell).body, io.StringIO(), None
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        with contextlib.redirect_stdout(printed):
            exec(compile(ast.Module(body, []), str(PAGE), "exec"), names)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), str(PAGE), "eval"), names)
        results.append((printed.getvalue(), value))
    return results


def test_descent_converges_below_two_over_the_curvature_and_not_above(shown):
    left = {float(lr): float(f) for lr, f in re.findall(r"lr (\S+) +f = (\S+),", shown[1][0])}
    assert left[0.5] == 0.0 and left[1.0] == 2.0
    assert all((f < 2.0) == (lr < 1.0) for lr, f in left.items())


def test_the_best_momentum_is_that_of_the_condition(shown):
    table = shown[2][1].set_index("rule").astype(float)
    assert table["share of f left"].idxmin() == "momentum 0.67"
    assert table.loc["momentum 0.67", "best rate"] == pytest.approx(4 / 11**2, rel=0.03)


def test_the_first_step_of_adam_is_as_long_as_the_rate(shown):
    first = shown[3][1].loc[1]
    np.testing.assert_allclose(first["new x"], np.array([-1.2, 1.0]) - 0.1 * np.sign(first["g"]))


def test_scaled_coordinates_help_along_the_axes_alone(shown):
    left = shown[4][1].astype(float)
    along, turned = left.to_numpy().T
    of = dict(zip(left.index, zip(along, turned, strict=True), strict=True))
    for rule in ("adam", "rmsprop"):
        assert of[rule][0] < 1e-20 and of[rule][1] > 1e-6
    for rule in ("gd", "momentum"):
        assert of[rule][0] > 1e-7


def test_a_falling_rate_and_a_mean_end_below_the_floor_of_a_constant_rate(shown):
    left = shown[5][1]["median f of 64 lanes"]
    constant = left.loc["sgd"]
    assert constant.idxmin() == 0.1  # larger ones have a higher floor, smaller ones are slow
    for rule in ("sgd[schedule=cosine]", "sgd[tail=0.5]"):
        assert left.loc[rule, 0.3] < 0.5 * constant.min()
        assert left.loc[rule, 0.01] > constant[0.01]


def test_the_default_of_momentum_is_where_lanes_diverge(shown):
    drawn = shown[6][1]
    row, column = (int(own.share(own.default) * drawn.size) for own in (drawn.y, drawn.x))
    assert drawn.outcome[row, column] == "not finite"
