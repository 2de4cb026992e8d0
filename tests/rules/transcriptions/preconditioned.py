"""Rules with preconditioners, bases and low ranks: ``rule(x, g, t, memory, **hyper) -> new x``.

Vectors have one dimension; ``memory["tensor"]`` is the number of the tensor, which draws depend on.
Decompositions of LAPACK stand where optbench iterates.
"""

import numpy as np

from optbench.define.draws import mix, normal, stream_key

from .orthogonal import adamw


def power(a, exponent):
    values, vectors = np.linalg.eigh(a)
    return (vectors * values**exponent) @ vectors.T


def normals(t, tensor, count):
    """Return the draws of a lane of `replay` with seed 0 in a step."""
    with np.errstate(over="ignore"):
        key = mix(mix(~stream_key(0, "replay"), t - 1), tensor)
        return np.array([normal(key, i) for i in range(count)])


def caspr(x, g, t, memory, lr=1e-3, preconditioning_compute_steps=1, matrix_eps=1e-6):
    """Duvvuri et al. 2024, alg. 1: the square of a sum of Kronecker products, written out."""
    sums = memory.setdefault("sums", [matrix_eps * np.eye(n) for n in x.shape])
    sums[0] += np.outer(g, g) if x.ndim == 1 else g @ g.T
    if x.ndim == 2:
        sums[1] += g.T @ g
    memory |= dict(zip(("right",) if x.ndim == 1 else ("left", "right"), sums, strict=True))
    if t == 1 or t % preconditioning_compute_steps == 0:
        memory["roots"] = [[power(a, -0.5 / n) for a in sums] for n in (1, 2)]
    halves, quarters = memory["roots"]
    if x.ndim == 1:
        return x - lr * halves[0] @ g
    step = halves[0] @ g + 2 * quarters[0] @ g @ quarters[1] + g @ halves[1]
    return x - lr * step / 4


def asgo(
    x, g, t, memory, lr=1e-3, momentum=0.9, factor_beta=0.8, matrix_eps=1e-10, weight_decay=0.1,
    beta1=0.9, beta2=0.999, adamw_eps=1e-8,
):  # fmt: skip
    """An et al. 2025, alg. 2, as in the authors' code."""
    if x.ndim == 1:
        return adamw(x, g, t, memory, lr, weight_decay, beta1, beta2, adamw_eps)
    m = memory["m"] = momentum * memory.get("m", 0.0) + (1 - momentum) * g
    wide = x.shape[0] < x.shape[1]
    outer = g @ g.T if wide else g.T @ g
    factor = memory["factor"] = factor_beta * memory.get("factor", 0.0) + (1 - factor_beta) * outer
    root = power(factor + matrix_eps * np.eye(len(factor)), -0.5)
    step = root @ m if wide else m @ root
    norm = np.linalg.norm(step)
    scale = 0.2 * np.sqrt(x.size) / norm if norm > 0 else 0.0
    return (1 - lr * weight_decay) * x - lr * scale * step


def psgd_kron(
    x, g, t, memory, lr=1e-3, momentum=0.9, weight_decay=0.0, preconditioner_lr=0.1,
    max_probability=1.0, min_probability=0.03, probability_decay=1e-3, flat_start=500,
    of_momentum=True,
):  # fmt: skip
    """Li 2018, eq. for a triangular Q on its Lie group, as in psgd_torch; |A| there."""
    m = memory["m"] = momentum * memory.get("m", 0.0) + (1 - momentum) * g
    m = m / (1 - momentum**t)
    vector = x.ndim == 1
    q = memory.setdefault("q", [np.ones(x.size)] if vector else [np.eye(n) for n in x.shape])
    probability = max_probability * np.exp(-probability_decay * (t - 1 - flat_start))
    probability = np.clip(probability, min_probability, max_probability)
    memory["counter"] = memory.get("counter", 0) + 1
    if memory["counter"] >= 1 / probability:
        memory["counter"] = 0
        v = normals(t, memory["tensor"], x.size).reshape(x.shape)
        seen = m if of_momentum else g
        if vector:
            a, b = q[0] * seen, v / q[0]
            q[0] = q[0] - preconditioner_lr * (a**2 - b**2) * q[0] / np.max(a**2 + b**2)
        else:
            a = q[0] @ seen @ q[1].T
            b = np.linalg.inv(q[0]).T @ v @ np.linalg.inv(q[1])
            pairs = ((a @ a.T, b @ b.T), (a.T @ a, b.T @ b))
            for i, (one, other) in enumerate(pairs):
                size = lower_bound(one + other)
                q[i] = q[i] - preconditioner_lr * np.triu(one - other) / size @ q[i]
    memory |= dict(zip(("scales",) if vector else ("left", "right"), q, strict=True))
    step = q[0] ** 2 * m if vector else q[0].T @ q[0] @ m @ q[1].T @ q[1]
    step = step * min(1.0, 1.1 / (np.sqrt(np.mean(step**2)) + 1e-6))
    return x - lr * (step if vector else step + weight_decay * x)


def lower_bound(a):
    """Return |A a / |A a||, a the longest row of A."""
    largest = np.max(np.abs(a))
    a = a / largest
    row = a[np.argmax(np.linalg.norm(a, axis=1))]
    return largest * np.linalg.norm(a @ (a @ row)) / np.linalg.norm(a @ row)


def splus(
    x, g, t, memory, lr=1e-1, beta1=0.9, beta2=0.999, weight_decay=1e-2, average_beta=0.999,
    inverse_steps=100, vector_rate=1e-3,
):  # fmt: skip
    """Frans, Levine and Abbeel 2025, alg. 1; the average as a sum that is corrected."""
    m = memory["m"] = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    rate, step = lr * vector_rate, np.sign(m)
    if x.ndim == 2:
        rate = lr * 2 / sum(x.shape)
        left, right = memory.get("bases", [np.eye(n) for n in x.shape])
        step = left @ np.sign(left.T @ m @ right) @ right.T
        sums = memory.get("sums", [0.0, 0.0])
        outer = (g @ g.T, g.T @ g)
        sums = [beta2 * a + (1 - beta2) * b for a, b in zip(sums, outer, strict=True)]
        memory["sums"] = memory["left"], memory["right"] = sums
        if t == 1 or t % inverse_steps == 0:
            memory["bases"] = [np.linalg.eigh(a)[1] for a in sums]
    x = x - rate * step
    total = memory["total"] = average_beta * memory.get("total", 0.0) + (1 - average_beta) * x
    memory["average"] = memory["reported"] = total / (1 - average_beta**t)
    return (1 - rate * weight_decay) * x


def conda(
    x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0,
    update_proj_gap=2000,
):  # fmt: skip
    """Wang et al. 2025, alg. 1, with the library's epsilon."""
    m = memory["m"] = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    if x.ndim == 2 and (t == 1 or t % update_proj_gap == 0):
        u, _, vh = np.linalg.svd(m, full_matrices=False)
        memory["bases"] = (None, vh.T) if x.shape[0] >= x.shape[1] else (u, None)
    left, right = memory.get("bases", (None, None))

    def turn(a, back=False):
        if left is not None:
            return left @ a if back else left.T @ a
        if right is not None:
            return a @ right.T if back else a @ right
        return a

    v = memory["v"] = beta2 * memory.get("v", 0.0) + (1 - beta2) * turn(g) ** 2
    step = turn(turn(m) / (np.sqrt(v) + eps), back=True)
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return (1 - lr * weight_decay) * (x - rate * step)


def dion(
    x, g, t, memory, lr=1e-2, momentum=0.95, rank_fraction=1.0, weight_decay=0.01, eps=1e-8,
    beta1=0.9, beta2=0.999, adamw_eps=1e-8, rows_are_outputs=False,
):  # fmt: skip
    """Ahn et al. 2025, alg. 1."""
    if x.ndim == 1:
        return adamw(x, g, t, memory, lr, weight_decay, beta1, beta2, adamw_eps)
    rank = int(np.ceil(rank_fraction * min(x.shape)))
    if t == 1:
        memory["q"] = normals(t, memory["tensor"], x.shape[1] * rank).reshape(x.shape[1], rank)
    b = memory.get("m", 0.0) + g
    p = np.linalg.qr(b @ memory["q"])[0]
    r = b.T @ p
    memory["m"] = b - (1 - momentum) * p @ r.T
    memory["q"] = r / (np.linalg.norm(r, axis=0) + eps)
    outputs, inputs = x.shape if rows_are_outputs else x.shape[::-1]
    step = np.sqrt(outputs / inputs) * p @ memory["q"].T
    return (1 - lr * weight_decay) * x - lr * step
