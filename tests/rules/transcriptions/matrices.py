"""Matrix rules from the papers: each is ``rule(x, g, t, memory, **hyper) -> new x`` on one tensor.

Vectors have one dimension. Decompositions of LAPACK stand where optbench iterates.
"""

import numpy as np

from .preconditioned import power


def sm3(x, g, t, memory, lr=0.1, momentum=0.9, eps=1e-8):
    """Anil et al. 2019, alg. SM3-II: the sets of the cover are rows and columns, or elements."""
    sums = memory.get("sums", [np.zeros(size) for size in x.shape])
    nu = sums[0] if x.ndim == 1 else np.minimum.outer(sums[0], sums[1])
    nu = nu + g**2
    memory["sums"] = [nu] if x.ndim == 1 else [nu.max(axis=1), nu.max(axis=0)]
    scaled = g / np.sqrt(nu + eps)
    memory["m"] = momentum * memory.get("m", 0.0) + (1 - momentum) * scaled
    return x - lr * memory["m"]


def adafactor(
    x, g, t, memory, lr=1e-2, beta2_decay=-0.8, eps1=0.0, eps2=1e-3, d=1.0, weight_decay=0.0
):  # fmt: skip
    """Shazeer and Stern 2018, algs. 4 and 5, with epsilons where torch has them."""
    eps1 = eps1 or np.finfo(float).eps
    beta = 1 - t**beta2_decay
    squares = [g**2] if x.ndim == 1 else [np.mean(g**2, axis=1), np.mean(g**2, axis=0)]
    old = memory.get("means", [np.zeros_like(s) for s in squares])
    memory["means"] = [beta * a + (1 - beta) * b for a, b in zip(old, squares, strict=True)]
    v = memory["means"][0]
    if x.ndim == 2:
        v = np.outer(v, memory["means"][1]) / max(np.mean(v), eps1)
    u = g / np.sqrt(np.maximum(v, eps1**2))
    rms = np.sqrt(np.mean(u**2))
    alpha = max(eps2, np.sqrt(np.mean(x**2))) * min(lr, t**-0.5)
    return x - lr * weight_decay * x - alpha * u / max(1.0, rms / d)


def muon(
    x, g, t, memory, lr=1e-3, momentum=0.95, weight_decay=0.1, ns_steps=5, eps=1e-7, beta1=0.9,
    beta2=0.999, adamw_eps=1e-8, nesterov=True, bias_correction=False, match_rms_adamw=False,
    rows_are_outputs=False,
):  # fmt: skip
    """Jordan et al. 2024: Newton-Schulz maps the singular values and keeps the vectors."""
    if x.ndim == 1:
        memory["m"] = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
        memory["v"] = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
        adapted = memory["m"] / (1 - beta1**t) / (np.sqrt(memory["v"] / (1 - beta2**t)) + adamw_eps)
        return (1 - lr * weight_decay) * x - lr * adapted
    m = memory["m"] = momentum * memory.get("m", 0.0) + (1 - momentum) * g
    if bias_correction:
        now, ahead = 1 - momentum**t, 1 - momentum ** (t + 1)
        m, g = m / (ahead if nesterov else now), g / now
    update = momentum * m + (1 - momentum) * g if nesterov else m
    u, s, vh = np.linalg.svd(update, full_matrices=False)
    s = s / max(np.sqrt(np.sum(s**2)), eps)
    for _ in range(int(ns_steps)):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    outputs, inputs = x.shape if rows_are_outputs else x.shape[::-1]
    scale = 0.2 * np.sqrt(max(x.shape)) if match_rms_adamw else np.sqrt(max(1, outputs / inputs))
    return (1 - lr * weight_decay) * x - lr * scale * (u * s) @ vh


def shampoo(
    x, g, t, memory, lr=1e-3, preconditioning_compute_steps=1, matrix_eps=1e-6
):  # fmt: skip
    """Gupta et al. 2018, alg. 1; a vector is a tensor of order 1."""
    sums = memory.setdefault("sums", [matrix_eps * np.eye(n) for n in x.shape])
    sums[0] += np.outer(g, g) if x.ndim == 1 else g @ g.T
    if x.ndim == 2:
        sums[1] += g.T @ g
    if t == 1 or t % preconditioning_compute_steps == 0:
        memory["roots"] = [power(a, -0.5 / x.ndim) for a in sums]
    step = memory["roots"][0] @ g
    return x - lr * (step if x.ndim == 1 else step @ memory["roots"][1])


def soap(
    x, g, t, memory, lr=3e-3, beta1=0.95, beta2=0.95, shampoo_beta=0.95, weight_decay=1e-2,
    precondition_frequency=10, eps=1e-8, correct_bias=True,
):  # fmt: skip
    """Vyas et al. 2024, alg. 3, in the order of the authors' code."""
    outer = [g @ g.T, g.T @ g] if x.ndim == 2 else []
    if t == 1:
        memory["sums"] = [(1 - shampoo_beta) * a for a in outer]
        memory["bases"] = [np.linalg.eigh(a)[1] for a in memory["sums"]]
        return x
    left, right = memory["bases"] if outer else (np.eye(1), np.eye(x.size))

    def turn(a):
        return (left.T @ np.atleast_2d(a) @ right).reshape(x.shape)

    m = memory["m"] = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    v = memory["v"] = beta2 * memory.get("v", 0.0) + (1 - beta2) * turn(g) ** 2
    factor = np.sqrt(1 - beta2 ** (t - 1)) / (1 - beta1 ** (t - 1)) if correct_bias else 1.0
    step = left @ np.atleast_2d(turn(m) / (np.sqrt(v) + eps)) @ right.T
    x = (1 - lr * weight_decay) * (x - lr * factor * step.reshape(x.shape))
    for i, a in enumerate(outer):
        memory["sums"][i] = shampoo_beta * memory["sums"][i] + (1 - shampoo_beta) * a
        if (t - 1) % precondition_frequency == 0:
            moved = memory["sums"][i] @ memory["bases"][i]
            order = np.argsort(-np.sum(memory["bases"][i] * moved, axis=0))
            memory["v"] = np.take(memory["v"], order, axis=i)
            memory["bases"][i] = np.linalg.qr(moved[:, order])[0]
    return x
