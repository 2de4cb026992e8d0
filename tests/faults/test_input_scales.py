"""Features of any size are scaled rightly, or refused with their column; nothing turns into NaN."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optbench
from optbench import define
from optbench.catalog import building
from optbench.catalog.data_range import check_range
from optbench.errors import DefinitionError, SettingError, UserError
from optbench.lanes import simulating
from optbench.nets import data, evaluation, net_problem
from optbench.nets.scaling import fit
from tests.nets.helpers import tumours


@pytest.mark.parametrize("scaling", ["standard", "common", "minmax", "whiten"])
@pytest.mark.parametrize("unit", [1e300, 1e-300, -1e307, 1e-308])
def test_extreme_units_are_scaled_like_any(tmp_path, scaling, unit):
    base = np.random.default_rng(0).normal(size=(20, 3))
    path, extreme = tmp_path / "base.npz", tmp_path / "base2.npz"
    np.savez(path, X=base, y=base[:, 0])
    np.savez(extreme, X=base * unit, y=base[:, 0] * unit)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = data._indices("base2.npz", 1, 20, 0, False)
        parts = data.split(extreme, 1, scaling)
        X = base[ours[0]]
        oracle = {
            "standard": lambda: (base - X.mean(0)) / X.std(0),
            "common": lambda: (base - X.mean()) / X.std(),
            "minmax": lambda: (base - X.min(0)) / np.ptp(X, 0),
        }
    sign = np.sign(unit)
    if scaling == "whiten":
        np.testing.assert_allclose(parts.train.X.T @ parts.train.X / 12, np.eye(3), atol=1e-9)
    elif scaling == "minmax" and sign < 0:
        np.testing.assert_allclose(parts.train.X.min(0), 0, atol=1e-15)
        np.testing.assert_allclose(parts.train.X.max(0), 1, rtol=1e-15)
    else:
        for part, own in zip(parts, ours, strict=True):
            np.testing.assert_allclose(part.X, sign * oracle[scaling]()[own], rtol=1e-6, atol=1e-7)
    target = base[:, 0]
    expected = sign * (target - target[ours[0]].mean()) / target[ours[0]].std()
    np.testing.assert_allclose(parts.test.y, expected[ours[2]], rtol=1e-6, atol=1e-7)


def test_columns_of_all_sizes_and_constant_ones_together(tmp_path):
    base = np.random.default_rng(1).normal(size=20)
    X = np.column_stack([base * 1e300, base * 1e-300, np.full(20, 0.1), np.full(20, 1e308), base])
    path = tmp_path / "a.npz"
    np.savez(path, X=X, y=base)
    parts = data.split(path, 1)
    for part in parts:
        np.testing.assert_allclose(part.X[:, 0], part.X[:, 4], rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(part.X[:, 1], part.X[:, 4], rtol=1e-12, atol=1e-13)
        assert not part.X[:, 2:4].any()
    with pytest.raises(SettingError, match="a.npz: column 2 varies so little .* 'common' hides it"):
        data.split(path, 1, "common")
    with pytest.raises(SettingError, match="column 2 varies too little beside column 4 .*'whiten'"):
        data.split(path, 1, "whiten")


@pytest.mark.parametrize("scaling", ["standard", "common", "minmax", "whiten", "none"])
def test_an_example_far_from_the_training_part_is_refused_with_its_column(tmp_path, scaling):
    X = np.random.default_rng(2).normal(size=(20, 3)) * 1e-5
    path = tmp_path / "a.npz"
    row = data._indices("a.npz", 1, 20, 0, False)[data.TEST][1]
    X[row, 1] = -1e308
    np.savez(path, X=X, y=np.arange(20) % 2)
    if scaling == "none":
        assert data.split(path, 1, scaling).test.X[1, 1] == -1e308
        return
    message = rf"a.npz: column 2 is -1e\+308 in example {row + 1}, too far .*'{scaling}'"
    with warnings.catch_warnings(), pytest.raises(SettingError, match=message):
        warnings.simplefilter("error")
        data.split(path, 1, scaling)


@pytest.mark.parametrize(
    ("value", "message"), [(1e39, "1e.39, which is beyond"), (1e-50, "1e-50, which vanishes in")]
)
def test_what_float32_can_not_hold_is_refused_with_its_column(tmp_path, value, message):
    path = tmp_path / "a.npz"
    X = np.column_stack([np.arange(20.0), np.full(20, value)])
    np.savez(path, X=X, y=np.arange(20) % 2)
    net = tumours(data=str(path), sizes=(2, 3, 2), batch=4, scaling="none")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(net_problem.build(net, "float64", 1).p).all()
        with pytest.raises(UserError, match=f"column 2 of X of .*a.npz has {message} the range of"):
            net_problem.build(net, "float32", 1)


@settings(max_examples=100)
@given(
    values=st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2),
        min_size=2, max_size=9,
    ),
    scaling=st.sampled_from(["standard", "common", "minmax", "whiten"]),
)  # fmt: skip
def test_scaled_training_parts_are_finite_and_of_size_one(values, scaling):
    X = np.array(values)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            scaled = fit(scaling, X)(X)
        except SettingError:
            assert scaling == "whiten"
            return
    varies = X.max(axis=0) > X.min(axis=0)
    if scaling == "common" and not varies.any():
        return  # constants of different sizes
    assert (np.abs(scaled[:, varies]) <= np.sqrt(X.size) * (1 + 1e-6)).all()
    if scaling in ("standard", "minmax"):
        assert not scaled[:, ~varies].any()
        assert (np.ptp(scaled, axis=0)[varies] > 0).all()


def test_lanes_in_float32_are_refused_with_the_column(tmp_path):
    X = np.column_stack([np.arange(20.0), np.arange(20) * 1e38])
    path = tmp_path / "a.npz"
    np.savez(path, X=X, y=X[:, 0])

    @define.problem(start=0.0, dim=2, data=str(path), batch=4)
    def mean_square(x, p, q, stream, t, full):
        n_train, features = q[0], q[3]
        f = 0.0
        for row in range(n_train):
            for i in range(features):
                f += (x[i] * p[row * features + i]) ** 2
        return f / n_train

    made = building.make(mean_square, None, 1)
    check_range(made, "float32")  # scaled, all is well
    far = X.copy()
    far[data.split_indices(str(path), 1)[data.TEST][0], 1] = 1e300
    np.savez(path, X=far, y=X[:, 0])
    assert building.make(mean_square, None, 1) is not made  # the file has changed
    made = building.make(mean_square, None, 1)
    check_range(made, "float64")
    with pytest.raises(SettingError, match="column 2 of X of .*a.npz has .* beyond the range"):
        simulating.program(made, None, "float32")
    path.unlink()
    with pytest.raises(
        DefinitionError, match=r"test_input_scales.py:\d+: mean_square: .*no such fil"
    ):
        building.make(mean_square, None, 1)


def test_what_a_net_is_asked_in_float32_is_refused_with_the_column():
    net = optbench.nets.MLP((2, 2, 1), "tanh", "mse", dtype="float32")
    X = np.array([[1.0, 2.0], [3.0, 1e39]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            SettingError, match="column 2 of X has 1e.39, which is beyond the range"
        ):
            evaluation.features(net, X)
        with pytest.raises(
            SettingError, match="column 1 of y has 1e-99, which vanishes in the ran"
        ):
            evaluation.answers(net, np.array([1e-99, 0.0]), 2)
        assert evaluation.features(net, [[1, 2]]).dtype == np.float32
