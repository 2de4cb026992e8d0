"""Sequences and strings of tokens: their answers, worked out otherwise, and what guessing costs."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from optbench.errors import SettingError
from optbench.nets import data, generated
from optbench.nets.generated import sequences, tokens

MANY = range(1, 11)


def within(values, expected, deviations=5):
    """Whether a mean of independent values agrees with what is expected, by its standard error."""
    return abs(np.mean(values) - expected) < deviations * np.std(values) / math.sqrt(len(values))


@pytest.mark.parametrize(("name", "time"), [("adding", 20), ("xor_strings", 16)])
def test_one_mark_falls_into_each_half(name, time):
    X, _ = generated.DRAWN[name](3)
    marks = X.reshape(1000, time, 2)[:, :, 1]
    assert set(marks.flat) == {0.0, 1.0}
    for half in (marks[:, : time // 2], marks[:, time // 2 :]):
        np.testing.assert_array_equal(half.sum(axis=1), 1)
        assert stats.chisquare(half.sum(axis=0)).pvalue > 1e-4


def test_the_sum_of_the_adding_problem_by_hand():
    X, y = sequences.adding(1)
    for row, answer in zip(X[:50], y[:50], strict=True):
        assert answer == sum(row[2 * t] for t in range(20) if row[2 * t + 1] == 1.0)
    numbers = X.reshape(1000, 20, 2)[:, :, 0]
    assert stats.kstest(numbers.ravel(), "uniform").pvalue > 1e-4


def test_the_best_constant_answer_of_the_adding_problem_costs_a_sixth():
    errors = np.concatenate([(sequences.adding(i)[1] - 1.0) ** 2 for i in MANY])
    assert within(errors, 1 / 6)


def test_xor_of_the_marked_bits_and_nothing_from_one_of_them():
    X, y = sequences.xor_strings(1)
    steps = X.reshape(1000, 16, 2)
    for row, answer in zip(steps, y, strict=True):
        first, second = (int(bit) for bit, mark in row if mark)
        assert {first, second} <= {-1, 1} and answer == (first != second)
    many = [sequences.xor_strings(i) for i in MANY]
    steps = np.concatenate([X.reshape(1000, 16, 2) for X, _ in many])
    early = (steps[:, :8, 0] * steps[:, :8, 1]).sum(axis=1)
    y = np.concatenate([y for _, y in many])
    assert within(y, 0.5) and within((early > 0) == y, 0.5)


def test_parity_is_the_xor_of_all_bits_up_to_the_length():
    X, y = sequences.parity_strings(2)
    lengths = X[:, -1].astype(int)
    assert set(lengths) == set(range(4, 17))
    for row, length, answer in zip(X, lengths, y, strict=True):
        odd = False
        for bit in row[:length]:
            assert bit in (-1.0, 1.0)
            odd ^= bit == 1.0
        assert answer == odd and not row[length:16].any()


def test_strings_of_different_length_are_as_likely():
    many = [sequences.parity_strings(i) for i in MANY]
    lengths = np.concatenate([X[:, -1] for X, _ in many]).astype(int)
    assert stats.chisquare(np.bincount(lengths)[4:]).pvalue > 1e-4
    assert within(np.concatenate([y for _, y in many]), 0.5)


def test_copy_memory_by_hand():
    X, y = tokens.copy_memory(1)
    symbols = X[:, :5]
    assert X.shape == y.shape == (1000, 20) and set(symbols.flat) == set(range(8))
    np.testing.assert_array_equal(X[:, 5:], [[8] * 9 + [9] + [8] * 5] * 1000)
    np.testing.assert_array_equal(y[:, :15], 8)
    np.testing.assert_array_equal(y[:, 15:], symbols)
    dataset = data.load("copy_memory")
    assert dataset.classes == 9  # the sign is never an answer


def test_copy_memory_without_memory_costs_five_in_twenty_logarithms():
    _, y = tokens.copy_memory(1)
    guesses = np.zeros((20, 9))
    guesses[:15, 8], guesses[15:, :8] = 1.0, 1 / 8
    loss = -np.log(guesses[np.arange(20), y]).mean()
    np.testing.assert_allclose(loss, 5 * math.log(8) / 20, rtol=1e-14)


def test_modular_sums_are_all_equations():
    X, y = tokens.modular_sums()
    expected = {(a, 29, b, 30): (a + b) % 29 for a, b in itertools.product(range(29), repeat=2)}
    assert {tuple(row): int(c) for row, c in zip(X.astype(int), y, strict=True)} == expected
    assert (np.bincount(y) == 29).all()  # so that a constant answer is right once in 29


def zipf_strings():
    pairs = [tokens.zipf_tokens(i) for i in MANY]
    return tuple(np.concatenate(arrays).astype(int) for arrays in zip(*pairs, strict=True))


def test_zipf_tokens_have_the_frequencies_of_the_law_at_every_step():
    X, y = zipf_strings()
    np.testing.assert_array_equal(X[:, 1:], y[:, :-1])
    frequencies = [1 / k for k in range(1, 257)]
    expected = np.array(frequencies) / math.fsum(frequencies)
    for step in (X[:, 0], X[:, 7], y[:, 15]):
        counts = np.bincount(step, minlength=256)
        assert stats.chisquare(counts, expected * counts.sum()).pvalue > 1e-4
    assert tokens.zipf_frequencies() == pytest.approx(expected, rel=1e-14)
    assert data.load("zipf_tokens").classes == 256


def test_the_least_loss_of_zipf_tokens_is_the_entropy_of_the_law():
    """2.7745 nats a token; 4.3125 with the frequencies alone, and ln(256) for nothing known."""
    X, y = zipf_strings()
    p = 1 / np.arange(1, 257)
    p /= p.sum()
    chain = 0.5 * p + 0.5 * np.eye(256)  # P(next | token)
    entropy = -(p[:, None] * chain * np.log(chain)).sum()
    losses = -np.log(chain[X, y])
    assert within(losses.mean(axis=1), entropy)  # a mean a string: steps are not independent
    assert within(-np.log(p)[y].mean(axis=1), -(p * np.log(p)).sum())
    np.testing.assert_allclose([entropy, -(p * np.log(p)).sum()], [2.7745, 4.3125], atol=1e-4)


def test_the_frequencies_are_the_law_and_the_strings_are_drawn():
    counts = [np.bincount(tokens.zipf_tokens(i)[1].ravel(), minlength=256) for i in (1, 2)]
    assert not np.array_equal(*counts)
    assert all(np.argmax(count) == 0 and count[:11].sum() > 0.4 * count.sum() for count in counts)


@pytest.mark.parametrize("name", ["characters", "copy_memory", "zipf_tokens"])
def test_labels_at_every_step_have_no_subset_of_classes(name):
    parts, classes = data.split(name, 1), data.load(name).classes
    with pytest.raises(SettingError, match=r"classes is \(0, 1\); the examples have a label at ev"):
        data.restrict(parts, (0, 1), classes, data.load(name).labels)


def test_labels_at_every_step_are_packed_row_by_row():
    parts = data.split("copy_memory", 1)
    p, q = data.pack(parts, 9, 20)
    n, k = 1000, 20
    np.testing.assert_array_equal(q, [600, 200, 200, k, 9, 20])
    np.testing.assert_array_equal(p[n * k :].reshape(n, 20)[:600], parts.train.y)
