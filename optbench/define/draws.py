"""Counter-based random numbers: every draw is a pure function of (key, counter).

A *stream* is one 64-bit key per lane; mixing it with the step number gives the step's key, and
the draws of a step are numbered. Nothing is stored and nothing advances, so results depend
neither on the order in which lanes run nor on the number of threads, and the same source runs on
the CPU, on CUDA and in plain Python. The mixing function is the finaliser of SplitMix64 (Steele,
Lea and Flood 2014, "Fast splittable pseudorandom number generators").

All integer constants are ``np.uint64``: in compiled code a Python integer would turn the
arithmetic into floating point.
"""

import hashlib
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench import gate
from optbench.define.quantiles import normal_quantile, polynomial

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_27, _30, _31, _11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11)
_ONE = np.uint64(1)
_TWO_PI = 2.0 * math.pi
_HALF_ULP, _ULP = 2.0**-54, 2.0**-53


def stream_key(*parts: object) -> np.uint64:
    """Hash a description of a stream, such as (study seed, problem, instance, seed, purpose).

    Parameters
    ----------
    *parts : int, str or None
        What identifies the stream; order matters, and 1 is not "1". Whole floats and NumPy's
        integers are the integers that they equal.

    Returns
    -------
    numpy.uint64

    Raises
    ------
    SettingError
        If a part is anything else.
    """
    digest = hashlib.blake2b(repr(tuple(map(_part, parts))).encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def _part(part: object) -> str | int | None:
    """Return a part of a description as a plain value, which is printed alike on every machine."""
    if part is None or isinstance(part, str):
        return part if part is None else str(part)
    return gate.whole("a part of a random stream", part, -math.inf, math.inf)


def mix(key, counter):
    """Return 64 well-mixed bits of (key, counter), both integers of at most 64 bits."""
    z = key + _GOLDEN * (np.uint64(counter) + _ONE)
    z = (z ^ (z >> _30)) * _MIX1
    z = (z ^ (z >> _27)) * _MIX2
    return z ^ (z >> _31)


def uniform(key, i):
    """Draw number `i` of `key`, uniform on the open interval (0, 1)."""
    return float(mix(key, i) >> _11) * _ULP + _HALF_ULP


def normal(key, i):
    """Draw number `i` of `key`, standard normal (Box and Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(uniform(key, 2 * i)))
    return radius * math.cos(_TWO_PI * uniform(key, 2 * i + 1))


def quick_normal(key, i):
    """Draw number `i` of `key`, standard normal, by inversion: in 0.4 of `normal`'s time.

    The numbers are other ones than `normal` draws.
    """
    return normal_quantile(uniform(key, i))


def index_bits(n):
    """Return the bits of the smallest power of two that holds ``range(n)``, at least 2."""
    top, bits = n - 1, 0
    for turn in range(6):  # without a branch, so that it is moved out of loops over examples
        half = 32 >> turn
        step = half if (top >> half) > 0 else 0
        bits += step
        top >>= step
    return max(bits + (1 if top > 0 else 0), 2)


def shuffled(key, z, bits):
    """Return the image of z, uint64, under a random permutation of the numbers of `bits` bits.

    A Feistel network of four rounds on two halves, of which the high one may be a bit longer.
    """
    low = np.uint64(bits // 2)
    low_mask, high_mask = (_ONE << low) - _ONE, (_ONE << (np.uint64(bits) - low)) - _ONE
    left, right = z >> low, z & low_mask
    for turn in range(2):
        left = left ^ (mix(key ^ right, 2 * turn) & high_mask)
        right = right ^ (mix(key ^ left, 2 * turn + 1) & low_mask)
    return (left << low) | right


def permuted(key, i, n):
    """Position `i` of a random permutation of ``range(n)``, without storing the permutation.

    `shuffled` permutes the smallest number of bits that holds `n`; results outside the range are
    permuted again until they fall inside (cycle walking: Black and Rogaway 2002, "Ciphers with
    arbitrary finite domains").
    """
    bits = index_bits(n)
    z, walking = np.uint64(i), True
    while walking:
        z = shuffled(key, z, bits)
        walking = z >= np.uint64(n)
    return np.int64(z)


def epoch_order(stream, t, batch, n):
    """Return (key, first): example `j` of step `t` is number ``permuted(key, first + j, n)``.

    What `sample` does for each example and is the same for all of a mini-batch; parameters as
    there.
    """
    per_epoch = n // batch
    epoch = t // per_epoch
    return mix(stream, epoch), (t - epoch * per_epoch) * batch


def sample(stream, t, j, batch, n):
    """Index of example `j` of the mini-batch at step `t`: epochs without replacement.

    Each epoch visits ``n // batch`` full batches of a fresh permutation of the `n` examples; the
    remainder is dropped, as is usual. A loop over a batch is faster with `epoch_order` before it.

    Parameters
    ----------
    stream : uint64
        The lane's key, the same at every step.
    t, j, batch, n : int
        Step from 0, position in the batch, batch size (<= n), number of examples.
    """
    key, first = epoch_order(stream, t, batch, n)
    return permuted(key, first + j, n)


def mixed(keys: ArrayLike, counters: ArrayLike) -> NDArray[np.uint64]:
    """Return `mix` of arrays of uint64 and integers, broadcast."""
    with np.errstate(over="ignore"):
        bits: NDArray[np.uint64] = mix(
            np.asarray(keys, np.uint64), np.asarray(counters).astype(np.uint64)
        )
    return bits


def uniforms(keys: ArrayLike, count: int) -> NDArray[np.float64]:
    """Return draws 0 .. count - 1 of each key, uniform on (0, 1): float64 [n, count]."""
    bits = mixed(np.asarray(keys, np.uint64)[:, None], np.arange(count))
    return (bits >> _11).astype(np.float64) * _ULP + _HALF_ULP


DRAWS = (
    mix, uniform, normal, polynomial, normal_quantile, quick_normal, index_bits, shuffled, permuted,
    epoch_order, sample,
)  # fmt: skip
"""The functions that compiled code may call."""


def generator(*parts: object) -> np.random.Generator:
    """Return a NumPy generator that depends on `parts` (integers and strings) alone."""
    return np.random.Generator(np.random.Philox(key=int(stream_key(*parts))))
