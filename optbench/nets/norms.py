"""Batch normalisation (Ioffe and Szegedy 2015) and layer normalisation (Ba et al. 2016).

Both replace h by ``gamma (h - mean) / sqrt(var + EPS) + beta`` with the biased variance: of a
unit over the examples of a batch (or of a ghost batch, Hoffer et al. 2017), or of an example over
the units of the layer.
"""

import math

from optbench.kernels.products.primitives import span, sync

EPS = 1e-5
MOMENTUM = 0.1
"""Share of a batch in the running statistics; their variance is the unbiased one."""


def batch_statistics(H, first, last, mean, inverse):
    """Write mean and 1 / sqrt(var + EPS) of the columns of ``H[first:last]``."""
    n_out, share = H.shape[1], H.dtype.type(1) / H.dtype.type(last - first)
    for j in span(n_out):
        mean[j] = 0.0
        inverse[j] = 0.0
    for i in range(first, last):
        for j in span(n_out):
            mean[j] += H[i, j]
    for j in span(n_out):
        mean[j] *= share
    for i in range(first, last):
        for j in span(n_out):
            inverse[j] += (H[i, j] - mean[j]) * (H[i, j] - mean[j])
    for j in span(n_out):
        inverse[j] = 1.0 / math.sqrt(inverse[j] * share + EPS)


def standardise(H, first, last, mean, inverse, gamma, beta, S, Z):
    """Write rows first .. last - 1 of h standardised to S (which may be H), gamma s + beta to Z."""
    for i in range(first, last):
        for j in span(H.shape[1]):
            S[i, j] = (H[i, j] - mean[j]) * inverse[j]
            Z[i, j] = gamma[j] * S[i, j] + beta[j]


def update_running(running_mean, running_var, mean, inverse, rows, fresh):
    """Move the running statistics towards those of a batch of `rows`; they start at 0 and 1."""
    number = mean.dtype.type
    unbiased = number(rows) / number(rows - 1)
    for j in span(mean.shape[0]):
        if fresh:
            running_mean[j] = 0.0
            running_var[j] = 1.0
        var = (1.0 / (inverse[j] * inverse[j]) - EPS) * unbiased
        running_mean[j] += MOMENTUM * (mean[j] - running_mean[j])
        running_var[j] += MOMENTUM * (var - running_var[j])


def use_running(running_mean, running_var, mean, inverse, fresh):
    """Take the running statistics as mean and 1 / sqrt(var + EPS)."""
    for j in span(mean.shape[0]):
        mean[j] = 0.0 if fresh else running_mean[j]
        inverse[j] = 1.0 / math.sqrt((1.0 if fresh else running_var[j]) + EPS)


def batch_sums(S, first, last, D, sums, slopes, dgamma, dbeta):
    """Write the column sums of D and D s to `sums` and `slopes`; add them to dbeta and dgamma.

    S are standardised numbers, D is dLoss/d(outputs); all in rows first .. last - 1.
    """
    n_out = S.shape[1]
    for j in span(n_out):
        sums[j] = 0.0
        slopes[j] = 0.0
    for i in range(first, last):
        for j in span(n_out):
            sums[j] += D[i, j]
            slopes[j] += D[i, j] * S[i, j]
    for j in span(n_out):
        dbeta[j] += sums[j]
        dgamma[j] += slopes[j]


def batch_gradient(S, first, last, inverse, gamma, D, sums, slopes, fixed, E):
    """Write dLoss/dh to E (which may be S), given standardised S and what `batch_sums` gives.

    If `fixed`, mean and variance are constants.
    """
    number = S.dtype.type
    share = number(0) if fixed else number(1) / number(last - first)
    for i in range(first, last):
        for j in span(S.shape[1]):
            rest = D[i, j] - share * (sums[j] + S[i, j] * slopes[j])
            E[i, j] = gamma[j] * inverse[j] * rest


def layer_norm(H, inverse, gamma, beta, Z):
    """Standardise every row of H, keep 1 / sqrt(var + EPS); write gamma h + beta to Z."""
    n_out = H.shape[1]
    number = H.dtype.type
    share = number(1) / number(n_out)
    for i in span(H.shape[0]):
        mean, var = number(0), number(0)
        for j in range(n_out):
            mean += H[i, j]
        mean *= share
        for j in range(n_out):
            var += (H[i, j] - mean) * (H[i, j] - mean)
        inverse[i] = 1.0 / math.sqrt(var * share + EPS)
        for j in range(n_out):
            H[i, j] = (H[i, j] - mean) * inverse[i]
            Z[i, j] = gamma[j] * H[i, j] + beta[j]
    sync()


def layer_norm_gradient(H, inverse, gamma, D, dgamma, dbeta):
    """Add to dgamma and dbeta; turn standardised H into dLoss/dh, given D = dLoss/d(outputs)."""
    rows, n_out = H.shape
    number = H.dtype.type
    share = number(1) / number(n_out)
    for i in range(rows):
        for j in span(n_out):
            dgamma[j] += D[i, j] * H[i, j]
            dbeta[j] += D[i, j]
    sync()
    for i in span(rows):
        sums, slopes = number(0), number(0)
        for j in range(n_out):
            sums += gamma[j] * D[i, j]
            slopes += gamma[j] * D[i, j] * H[i, j]
        for j in range(n_out):
            rest = gamma[j] * D[i, j] - share * (sums + H[i, j] * slopes)
            H[i, j] = inverse[i] * rest
    sync()
