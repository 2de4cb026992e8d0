"""Softmax regression, with mini-batches: real data, and classes as rare as words.

x holds, class by class, the weights of the features and then the intercept.
"""

import math

import numpy as np

from optbench.define import epoch_order, generator, problem, where

from ._pairs import add_slopes, pair, products

L2 = 1e-2
ZIPF_L2 = 1e-4
ZIPF_CLASSES, ZIPF_FEATURES, ZIPF_POINTS, ZIPF_BATCH = 20, 8, 512, 64


def logit(x, p, q, row, k):
    """Weights of class k times the example, plus its intercept."""
    features = q[3]
    first = k * (features + 1)
    total = x[first + features]
    for i in range(features):
        total += x[first + i] * p[row * features + i]
    return total


def penalty(x, q, l2):
    """l2 |w|^2 / 2; the intercepts are free."""
    features = q[3]
    total = 0.0
    for k in range(q[4]):
        for i in range(features):
            weight = x[k * (features + 1) + i]
            total += weight * weight
    return 0.5 * l2 * total


def loss_and_slopes(z, first, classes, own):
    """Turn an example's logits, from `z[first]` on, into its loss's slopes; return the loss."""
    peak = z[first]
    for k in range(1, classes):
        peak = max(peak, z[first + k])
    lead = peak - z[first + own]
    total = 0.0
    for k in range(classes):
        e = math.exp(z[first + k] - peak)
        z[first + k] = e
        total += e
    z[first + own] -= total
    share = 1.0 / total
    for k in range(classes):
        z[first + k] *= share
    return math.log(total) + lead


def cross_entropy(l2):
    """Return the mean cross-entropy of softmax regression, with an L2 penalty."""

    def softmax(x, g, p, q, z, stream, t, full):
        """Mean of log(sum_k exp(w_k' a + b_k)) - w_y' a - b_y, plus l2 |w|^2 / 2."""
        n_train, features, classes, batch = q[0], q[3], q[4], q[5]
        labels = (q[0] + q[1] + q[2]) * features
        for i in range(len(x)):
            g[i] = 0.0
        f = 0.0
        order, seen = epoch_order(stream, t, batch, n_train)
        size = batch if full == 0 else n_train
        for j in range(0, size, 2):
            row, other, weight = pair(order, seen, j, size, n_train, full)
            one, two = row * features, other * features
            for k in range(classes):
                first = k * (features + 1)
                a, b = products(x, p, first, one, two, features)
                z[k] = a + x[first + features]
                z[classes + k] = b + x[first + features]
            f += loss_and_slopes(z, 0, classes, int(p[labels + row]))
            f += weight * loss_and_slopes(z, classes, classes, int(p[labels + other]))
            for k in range(classes):
                first = k * (features + 1)
                slope, second = z[k], weight * z[classes + k]
                add_slopes(g, p, first, one, two, features, slope, second)
                g[first + features] += slope + second
        share = 1.0 / size
        for k in range(classes):
            first = k * (features + 1)
            for i in range(features):
                g[first + i] = g[first + i] * share + l2 * x[first + i]
            g[first + features] *= share
        return f * share + penalty(x, q, l2)

    return softmax


def softmax_metrics(declared, l2):
    """Give a softmax regression its metrics."""

    @declared.metrics
    def objective_and_accuracy(x, p, q, part):
        labels = (q[0] + q[1] + q[2]) * q[3]
        first = 0
        for i in range(part):
            first += q[i]
        loss = 0.0
        hits = 0.0
        count = 0.0
        for row in range(first, first + q[part]):
            peak = logit(x, p, q, row, 0)
            total = 1.0  # of exp(logit - peak), so far
            own = peak
            chosen = 0
            for k in range(1, q[4]):
                value = logit(x, p, q, row, k)
                higher = max(peak, value)
                chosen = where(value > peak, k, chosen)
                total = total * math.exp(peak - higher) + math.exp(value - higher)
                peak = higher
                if k == p[labels + row]:
                    own = value
            loss += math.log(total) + peak - own
            hits += where(chosen == p[labels + row], 1.0, 0.0)
            count += 1.0
        return loss / count + penalty(x, q, l2), hits / count

    return declared


def softmax(data, features, classes, batch, source):
    """Declare softmax regression on a bundled data set."""
    declared = problem(
        name=f"softmax_{data}",
        start=0.0,
        box=(-1.0, 1.0),
        tags=["convex", "data", "stochastic"],
        source=f"Böhning 1992, Multinomial logistic regression algorithm; data: {source}",
        shape=(classes, features + 1),
        dim=classes * (features + 1),
        data=data,
        batch=batch,
        target=1e-3,
        scratch=1,
    )(cross_entropy(L2))
    return softmax_metrics(declared, L2)


softmax_iris = softmax(
    "iris", 4, 3, 16, "Fisher 1936, The use of multiple measurements in taxonomic problems"
)
softmax_wine = softmax("wine", 13, 3, 16, "Forina et al. 1988, PARVUS (wine recognition)")
softmax_digits = softmax(
    "digits", 64, 10, 64, "Alpaydin and Kaynak 1998, Cascading classifiers (digits)"
)

softmax_zipf = softmax_metrics(
    problem(
        name="softmax_zipf",
        start=0.0,
        box=(-0.1, 0.1),
        tags=["convex", "data", "stochastic", "ill-conditioned"],
        source="Kunstner et al. 2024, Heavy-tailed class imbalance and why Adam outperforms "
        "gradient descent on language models, sec. 3 (a linear model on random data)",
        shape=(ZIPF_CLASSES, ZIPF_FEATURES + 1),
        dim=ZIPF_CLASSES * (ZIPF_FEATURES + 1),
        batch=ZIPF_BATCH,
        target=1e-1,
        scratch=1,
    )(cross_entropy(ZIPF_L2)),
    ZIPF_L2,
)


@softmax_zipf.instance
def zipf_classes(dim, instance):
    """Class k makes up a share proportional to 1/k; features are uniform and tell nothing."""
    parts = [
        zipf_part(generator("softmax_zipf", instance, part))
        for part in ("training", "validation", "test")
    ]
    p = np.concatenate([*(X.ravel() for X, _ in parts), *(y for _, y in parts)])
    q = (ZIPF_POINTS,) * 3 + (ZIPF_FEATURES, ZIPF_CLASSES, ZIPF_BATCH)
    return dict(p=p, q=q, minimum=None, f_min=None)


def zipf_part(rng):
    """Draw X [n, k] and labels [n] whose counts are as near to Zipf's law as whole numbers go."""
    shares = np.cumsum(1.0 / np.arange(1, ZIPF_CLASSES + 1))
    ends = np.round(ZIPF_POINTS * shares / shares[-1])
    labels = np.searchsorted(ends, np.arange(ZIPF_POINTS), side="right").astype(float)
    return rng.uniform(0.0, 1.0, (ZIPF_POINTS, ZIPF_FEATURES)), rng.permutation(labels)
