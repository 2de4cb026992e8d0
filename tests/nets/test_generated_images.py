"""Digits that are changed, and the text: against scikit-learn's digits and by counting."""

import string

import numpy as np
import pytest
from sklearn.datasets import load_digits

from optbench.nets import data, text
from optbench.nets.generated import images

DIGITS, LABELS = load_digits(return_X_y=True)


def test_permuted_digits_have_all_pixels_in_one_order():
    X, y = images.permuted_digits()
    np.testing.assert_array_equal(y, LABELS)
    found = [[j for j in range(64) if np.array_equal(X[:, i], DIGITS[:, j])] for i in range(64)]
    order = [candidates.pop() for candidates in found if len(candidates) == 1]
    assert len(order) > 55 and len(set(order)) == len(order)  # pixels that are always 0 are alike
    assert np.mean(np.diff(order) == 1) < 0.1
    np.testing.assert_array_equal(np.sort(X, axis=1), np.sort(DIGITS, axis=1))


def test_shifted_digits_are_the_digits_somewhere():
    X, y = images.shifted_digits()
    np.testing.assert_array_equal(y, LABELS)
    np.testing.assert_array_equal(X.sum(axis=1), DIGITS.sum(axis=1))
    places = np.zeros((5, 5), int)
    for image, digit in zip(X.reshape(-1, 12, 12), DIGITS.reshape(-1, 8, 8), strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(image, (8, 8))
        fits = (windows == digit).all(axis=(2, 3))
        assert fits.any()
        places += fits if fits.sum() == 1 else 0
    assert places.min() > 0.5 * places.mean()


def test_long_tailed_digits_fall_by_one_factor_and_are_tested_evenly():
    dataset = data.load("long_tailed_digits")
    X, y = dataset.X, dataset.y
    assert dataset.held_out == 300 and (np.bincount(y[-300:]) == 30).all()
    counts = np.bincount(y[:-300])
    expected = counts[0] * 10.0 ** (-np.arange(10) / 9)
    np.testing.assert_allclose(counts, expected, atol=0.5)
    assert counts[0] == min(np.bincount(LABELS)) - 30
    own = {row.tobytes(): label for row, label in zip(DIGITS, LABELS, strict=True)}
    assert all(own[row.tobytes()] == label for row, label in zip(X, y, strict=True))
    assert len(np.unique(X, axis=0)) == len(X)  # none is taken twice: the test part is apart
    test = data.split_indices("long_tailed_digits", 4)[data.TEST]
    np.testing.assert_array_equal(test, np.arange(len(X) - 300, len(X)))


@pytest.mark.parametrize("name", sorted(images.DERIVED))
def test_changed_digits_are_scaled_alike_and_the_same_in_all_instances(name):
    assert data.load(name, instance=2) is data.load(name)
    train = data.split(name, 2).train.X
    np.testing.assert_allclose([train.mean(), train.std()], [0, 1], atol=1e-12)


def test_the_text_is_made_of_sonnets():
    sonnets = text.characters().strip().split("\n\n")
    assert len(sonnets) == 24 and all(sonnet.count("\n") == 13 for sonnet in sonnets)
    assert set(text.alphabet()) == set(string.ascii_lowercase) | set("\n !',-.:;?")
    first = sonnets[4].split("\n")[0]
    assert first == "shall i compare thee to a summer's day?"


def test_runs_of_characters_follow_one_another_and_do_not_overlap():
    X, y = text.next_characters()
    np.testing.assert_array_equal(X[:, 1:], y[:, :-1])
    read = [text.alphabet()[token] for token in np.column_stack([X, y[:, -1:]]).astype(int).flat]
    assert "".join(read) == text.characters()[: len(read)]
    assert len(text.characters()) - len(read) < 33
    dataset = data.load("characters")
    assert dataset.classes == len(dataset.labels) == 36
