"""Data sets: splits, standardisation and the packed form."""

import numpy as np
import pytest

from optbench.nets import data, generated

SHAPES = {
    "breast_cancer": (569, 30, 2),
    "diabetes": (442, 10, 0),
    "digits": (1797, 64, 10),
    "iris": (150, 4, 3),
    "wine": (178, 13, 3),
}


@pytest.mark.parametrize("name", SHAPES)
def test_load(name):
    X, y, classes, *_ = data.load(name)
    assert (*X.shape, classes) == SHAPES[name]
    assert (X.dtype, y.dtype) == (np.float64, np.int64 if classes else np.float64)
    assert y.shape == (len(X),)
    assert not classes or set(y) == set(range(classes))
    with pytest.raises(ValueError, match="read-only"):
        X[0, 0] = 1.0


def test_unknown_name_says_what_there_is():
    with pytest.raises(
        ValueError, match="'irises': did you mean iris.*choose from adding, .*digits"
    ):
        data.load("irises")


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("instance", [None, 1, 6])
def test_parts_are_disjoint_and_complete(name, instance):
    parts = data.split_indices(name, instance)
    n = SHAPES[name][0]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(n))
    np.testing.assert_allclose([len(part) / n for part in parts], [0.6, 0.2, 0.2], atol=0.004)


def test_the_instance_changes_the_split_and_nothing_else_does():
    splits = {i: data.split_indices("digits", i) for i in (0, 1, 2)}
    assert all(
        not np.array_equal(np.sort(splits[a][part]), np.sort(splits[b][part]))
        for a, b in ((0, 1), (1, 2))
        for part in (data.TRAIN, data.VALIDATION)
    )
    data._indices.cache_clear()
    np.testing.assert_array_equal(data.split_indices("digits", None)[2], splits[0][2])
    np.testing.assert_array_equal(data.split_indices("digits", 1)[2], splits[1][2])


@pytest.mark.parametrize(
    "name",
    [
        "characters", "diabetes", "digits", "long_tailed_digits", "modular_sums", "parity",
        "shifted_digits", "two_spirals",
    ],
)  # fmt: skip
def test_the_test_part_is_the_same_in_every_instance(name):
    """Else what is tuned on one instance has met the test examples of another."""
    raw, test = data.load(name), np.sort(data.split_indices(name)[data.TEST])
    for instance in range(1, 30):
        rows = data.split_indices(name, instance)
        np.testing.assert_array_equal(np.sort(rows[data.TEST]), test)
        assert not np.isin(np.concatenate(rows[:2]), test).any()
    assert data.load(name, instance=3) is raw


@pytest.mark.parametrize("name", ["linear_map", "moons", "teacher_student", "xor"])
def test_generated_data_are_drawn_afresh(name):
    first, again, other = (data.load(name, instance=i) for i in (1, 1, 2))
    np.testing.assert_array_equal(first.X, again.X)
    assert first.X.shape == other.X.shape and not np.isin(first.X, other.X).any()
    assert not np.isin(data.load(name).X, other.X).any()
    check_parts(name, other)


@pytest.mark.parametrize("name", ["adding", "copy_memory", "xor_strings", "zipf_tokens"])
def test_sequences_are_drawn_afresh(name):
    first, again, other = (data.load(name, instance=i) for i in (1, 1, 2))
    np.testing.assert_array_equal(first.X, again.X)
    np.testing.assert_array_equal(first.y, again.y)
    assert (first.X != other.X).any(axis=1).all() and first.classes == other.classes
    check_parts(name, other)


def check_parts(name, other):
    """The parts of instance 2 hold its examples as they are: nothing scales them."""
    parts = data.split(name, 2)
    drawn = np.concatenate([part.X for part in parts])
    assert {*map(bytes, drawn)} == {*map(bytes, other.X)}


def test_the_law_of_generated_data_is_one_for_all_instances():
    """The map is the same: solved from one instance, it explains the other."""
    first, other = (data.load("linear_map", instance=i) for i in (1, 2))
    learnt = np.linalg.lstsq(first.X, first.y, rcond=None)[0]
    np.testing.assert_allclose(other.X @ learnt, other.y, atol=1e-12)
    inputs = data.load("teacher_student", instance=4)
    np.testing.assert_array_equal(inputs.y, generated.teacher_outputs(inputs.X).ravel())


@pytest.mark.parametrize("name", SHAPES)
def test_only_the_training_part_sets_the_scale(name):
    raw, indices = data.load(name), data.split_indices(name, 1)
    parts = data.split(name, 1)
    training = raw.X[indices[0]]
    varied = np.ptp(training, axis=0) > 0
    np.testing.assert_allclose(parts.train.X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(parts.train.X.std(axis=0)[varied], 1, rtol=1e-12)
    for part, rows in zip(parts, indices, strict=True):
        known_y = raw.y[indices[0]]
        y = raw.y if raw.classes else (raw.y - known_y.mean()) / known_y.std()
        np.testing.assert_array_equal(part.y, y[rows])
        by_hand = (raw.X[rows] - training.mean(axis=0))[:, varied] / training.std(axis=0)[varied]
        np.testing.assert_array_equal(part.X[:, varied], by_hand)
    for part in parts[1:]:
        assert np.abs(part.X.mean(axis=0)).max() > 1e-3
        assert np.abs(part.X.std(axis=0)[varied] - 1).max() > 1e-3


def test_constant_features_are_only_shifted():
    raw, indices = data.load("digits"), data.split_indices("digits", 1)
    constant = np.ptp(raw.X[indices[0]], axis=0) == 0
    assert constant.any()
    parts = data.split("digits", 1)
    assert not parts.train.X[:, constant].any()
    shifted = raw.X[indices[2]][:, constant] - raw.X[indices[0]][0, constant]
    np.testing.assert_array_equal(parts.test.X[:, constant], shifted)


def test_pack_layout():
    parts = data.Split(
        data.Part(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 0])),
        data.Part(np.array([[5.0, 6.0]]), np.array([1])),
        data.Part(np.array([[7.0, 8.0]]), np.array([0])),
    )
    p, q = data.pack(parts, 2, 2)
    np.testing.assert_array_equal(p, [1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 1, 0])
    np.testing.assert_array_equal(q, [2, 1, 1, 2, 2, 2])
    assert (p.dtype, q.dtype) == (np.float64, np.int64)


@pytest.mark.parametrize("batch", [0, -1, 1079])
def test_pack_refuses_a_batch_out_of_range(batch):
    with pytest.raises(ValueError, match=f"batch is {batch}; it must be 1 .. 1078"):
        data.pack(data.split("digits", 1), 10, batch)
