"""What the tests of layers of sequences share."""

import numpy as np

from .single import Single

WITHIN = 1e-12
"""Sums of at most some hundred products of numbers about 1, in float64."""


def case(layer, rows, shape, lengths=False, seed=1):
    """Return a layer by itself, random examples, lengths or None, and dLoss/d(outputs)."""
    single, rng = Single(layer, shape, rows, lengths), np.random.default_rng(seed)
    X = rng.standard_normal((rows, *shape))
    valid = rng.integers(1, shape[0] + 1, rows) if lengths else None
    return single, X, valid, rng.standard_normal((rows, *single.output.shape))


def assert_slopes_are_differences(layer, rows, shape, lengths=False, count=6):
    """Compare gradients with central differences: some numbers of every tensor and of X."""
    single, X, valid, D = case(layer, rows, shape, lengths)
    run = single.backward(X, D, valid)
    rng, h = np.random.default_rng(0), 1e-6
    pairs = [(single.tensors[name], slopes) for name, slopes in run.grads.items()]
    for numbers, slopes in [*pairs, (X, run.errors)]:
        for i in rng.choice(numbers.size, min(count, numbers.size), replace=False):
            at = np.unravel_index(i, numbers.shape)
            kept, sums = numbers[at], []
            for moved in (kept + h, kept - h):
                numbers[at] = moved
                sums.append((D * single.forward(X, valid)[0]).sum())
            numbers[at] = kept
            # Differences are off by rounding, 1e-16 / h, and by h^2: 1e-9 and more of sums about 1.
            np.testing.assert_allclose(slopes[at], (sums[0] - sums[1]) / (2 * h), atol=1e-7)


def assert_adds(layer, rows, shape, lengths=False):
    """Gradients are added to what is there where they are to be."""
    single, X, valid, D = case(layer, rows, shape, lengths)
    fresh, added = single.backward(X, D, valid), single.backward(X, D, valid, before=1.5)
    np.testing.assert_allclose(added.errors, fresh.errors + 1.5, rtol=0, atol=WITHIN)
    for name, slopes in fresh.grads.items():
        np.testing.assert_allclose(added.grads[name], slopes + 1.5, rtol=0, atol=WITHIN)


def assert_equal_to_torch(run, outputs, x, gradients):
    """Compare a run with torch's outputs, the leaf of its inputs, and {name: parameter}."""
    np.testing.assert_allclose(run.outputs, outputs.detach().numpy(), rtol=0, atol=WITHIN)
    np.testing.assert_allclose(run.errors, x.grad.numpy(), rtol=0, atol=WITHIN)
    for name, parameter in gradients.items():
        slopes = parameter.grad.numpy()
        np.testing.assert_allclose(run.grads[name], slopes, rtol=0, atol=WITHIN, err_msg=name)
