"""Strings of tokens 0, 1, ...: to be remembered, added, or foretold from what came before.

Where labels are [n, time] there is one at every step.
"""

import numpy as np
from numpy.typing import NDArray

from optbench.nets.generated.drawing import Examples, draws_of

SYMBOLS, COPIED, DELAY = 8, 5, 10
"""Symbols of `copy_memory`, how many are to be copied, and steps from the last to the sign."""

BLANK, SIGN = SYMBOLS, SYMBOLS + 1
"""Tokens of `copy_memory` after its symbols."""

MODULUS = 29
"""Modulus of `modular_sums`."""

MODULI = (7, 10, 13, 14, 15, 16, 17, 18, 19)
"""Moduli M of ``modular_sums_M``."""

VOCABULARY, ZIPF_TIME, ZIPF_STRINGS = 256, 16, 4000
"""Tokens of `zipf_tokens`, steps of a string, and strings."""

REPEATED = 0.5
"""Probability that a token of `zipf_tokens` comes again."""


def copy_memory(instance: int = 0) -> Examples:
    """1000 strings of 20 tokens: five of eight symbols, blanks, and a sign to repeat the symbols.

    The labels are 15 blanks and then the five symbols. An answer without memory, blanks and then
    any symbol, has a cross-entropy of 5 ln(8) / 20 (Arjovsky, Shah and Bengio 2016, Unitary
    evolution recurrent neural networks, sec. 5.1, where ten symbols and longer delays are
    taken; the task is that of Hochreiter and Schmidhuber 1997).
    """
    symbols = draws_of("copy memory", instance).integers(0, SYMBOLS, (1000, COPIED))
    X = np.full((len(symbols), DELAY + 2 * COPIED), BLANK)
    y = X.copy()
    X[:, :COPIED] = y[:, -COPIED:] = symbols
    X[:, COPIED + DELAY - 1] = SIGN
    return X.astype(np.float64), y


def modular_sums(modulus: int = MODULUS) -> Examples:
    """All equations ``a + b =`` modulo a number, as four tokens; the label is the sum.

    Of 29, unless another modulus is asked for, they are 841; the tokens after its numbers are + and
    =.

    What the test part asks for is met only by who finds the rule, often long after the training
    part is known by heart (Power et al. 2022, Grokking: generalization beyond overfitting on small
    algorithmic datasets, with modulus 97).
    """
    a, b = (numbers.ravel() for numbers in np.indices((modulus, modulus)))
    X = np.column_stack([a, np.full_like(a, modulus), b, np.full_like(a, modulus + 1)])
    return X.astype(np.float64), ((a + b) % modulus).astype(np.int64)


def zipf_frequencies() -> NDArray[np.float64]:
    """Return the frequencies of the 256 tokens of `zipf_tokens`, proportional to 1 / (k + 1)."""
    sizes = 1.0 / np.arange(1, VOCABULARY + 1)
    return np.asarray(sizes / sizes.sum())


def zipf_tokens(instance: int = 0) -> Examples:
    """4000 strings of 16 tokens with the frequencies of words; the label is the token that follows.

    Every token is the one before it with probability 1/2, else drawn by Zipf's law: token k has
    a frequency proportional to 1 / (k + 1) among 256, at every step. That a token comes again is to
    be learnt for each of them, and nearly half of all steps are left to 245 rare ones (Kunstner et
    al. 2024, Heavy-tailed class imbalance and why Adam outperforms gradient descent on language
    models; of 64 tokens, 58 of them rare, all rules learn about as fast). No answer costs less
    than the entropy of this law, 2.7745 on average.
    """
    rng = draws_of("zipf tokens", instance)
    shape = (ZIPF_STRINGS, ZIPF_TIME + 1)
    tokens = rng.choice(VOCABULARY, shape, p=zipf_frequencies())
    again = rng.uniform(size=shape) < REPEATED
    for t in range(1, shape[1]):
        tokens[again[:, t], t] = tokens[again[:, t], t - 1]
    return tokens[:, :-1].astype(np.float64), tokens[:, 1:].astype(np.int64)
