"""Descendants of Muon from the papers: each is ``rule(x, g, t, memory, **hyper) -> new x``.

Vectors have one dimension. Singular values are mapped by Newton-Schulz's polynomial.
"""

import numpy as np


def adamw(x, g, t, memory, lr, weight_decay, beta1, beta2, eps):
    """Loshchilov and Hutter 2019, alg. 2."""
    m = memory["m"] = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    v = memory["v"] = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
    return (1 - lr * weight_decay) * x - lr * m / (1 - beta1**t) / (
        np.sqrt(v / (1 - beta2**t)) + eps
    )


def orthogonal(a, steps, eps):
    """Jordan et al. 2024: five steps of s <- 3.4445 s - 4.7750 s^3 + 2.0315 s^5 from a / |a|."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    s = s / max(np.linalg.norm(s), eps)
    for _ in range(int(steps)):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return (u * s) @ vh


def width_scale(shape, rows_are_outputs):
    outputs, inputs = shape if rows_are_outputs else shape[::-1]
    return np.sqrt(max(1, outputs / inputs))


def normuon(
    x, g, t, memory, lr=1e-3, momentum=0.95, neuron_beta=0.95, weight_decay=0.1, ns_steps=5,
    ns_eps=1e-7, eps=1e-10, beta1=0.9, beta2=0.999, adamw_eps=1e-8, nesterov=True,
    match_rms_adamw=True, rows_are_outputs=False,
):  # fmt: skip
    """Li et al. 2025, alg. 1; the other scale is that of the authors' code."""
    if x.ndim == 1:
        return adamw(x, g, t, memory, lr, weight_decay, beta1, beta2, adamw_eps)
    m = memory["m"] = momentum * memory.get("m", 0.0) + (1 - momentum) * g
    o = orthogonal(momentum * m + (1 - momentum) * g if nesterov else m, ns_steps, ns_eps)
    mean = np.mean(o**2, axis=1 if rows_are_outputs else 0, keepdims=True)
    name = "by_row" if rows_are_outputs else "by_column"
    v = memory[name] = neuron_beta * memory.get(name, 0.0) + (1 - neuron_beta) * mean
    step = o / (np.sqrt(v) + eps)
    if match_rms_adamw:
        scale = 0.2 * np.sqrt(x.size) / (np.linalg.norm(step) + eps)
    else:
        scale = np.linalg.norm(o) / (np.linalg.norm(step) + eps)
        scale *= width_scale(x.shape, rows_are_outputs)
    return (1 - lr * weight_decay) * x - lr * scale * step


def adamuon(
    x, g, t, memory, lr=1e-3, momentum=0.95, step_beta=0.95, weight_decay=0.1, ns_steps=5,
    ns_eps=1e-7, eps=1e-8, beta1=0.9, beta2=0.999, adamw_eps=1e-8, sign=True,
    bias_correction=False,
):  # fmt: skip
    """Si, Zhang and Shen 2025, alg. 1, whose sums of gradients have the signs of their means."""
    if x.ndim == 1:
        return adamw(x, g, t, memory, lr, weight_decay, beta1, beta2, adamw_eps)
    m = memory["m"] = momentum * memory.get("m", 0.0) + (1 - momentum) * g
    o = orthogonal(np.sign(m) if sign else m, ns_steps, ns_eps)
    v = memory["v"] = step_beta * memory.get("v", 0.0) + (1 - step_beta) * o**2
    step = o / (np.sqrt(v / (1 - step_beta**t) if bias_correction else v) + eps)
    rms = np.linalg.norm(step) + eps
    return (1 - lr * weight_decay) * x - lr * 0.2 * np.sqrt(x.size) / rms * step


def adago(
    x, g, t, memory, lr=1e-2, momentum=0.95, norm_limit=1.0, norm_start=1.0, least_rate=1e-6,
    weight_decay=0.0, ns_steps=5, ns_eps=1e-7, beta1=0.9, beta2=0.999, adamw_eps=1e-8,
    match_rms_adamw=False, rows_are_outputs=False,
):  # fmt: skip
    """Zhang, Liu and Schaeffer 2025, alg. 1."""
    if x.ndim == 1:
        return adamw(x, g, t, memory, lr, weight_decay, beta1, beta2, adamw_eps)
    m = memory["m"] = momentum * memory.get("m", 0.0) + (1 - momentum) * g
    limited = min(np.linalg.norm(g), norm_limit)
    squares = memory["squares"] = memory.get("squares", 0.0) + limited**2
    total = np.sqrt(norm_start**2 + squares)
    rate = max(least_rate, lr * limited / total)
    scale = width_scale(x.shape, rows_are_outputs)
    scale = 0.2 * np.sqrt(max(x.shape)) if match_rms_adamw else scale
    return (1 - lr * weight_decay) * x - rate * scale * orthogonal(m, ns_steps, ns_eps)


def mars_shampoo(
    x, g, t, memory, lr=3e-3, momentum=0.95, gamma=0.025, weight_decay=0.0, ns_steps=5,
    ns_eps=1e-8, beta1=0.9, beta2=0.999, adamw_eps=1e-8, rows_are_outputs=False,
):  # fmt: skip
    """Yuan et al. 2024, eq. for c_t with the gradient before, clipping, and alg. 4."""
    if x.ndim == 1:
        return adamw(x, g, t, memory, lr, weight_decay, beta1, beta2, adamw_eps)
    c = g + gamma * momentum / (1 - momentum) * (g - memory.get("before", 0.0))
    c = c / max(1.0, np.linalg.norm(c))
    memory["before"] = g
    m = memory["m"] = momentum * memory.get("m", 0.0) + (1 - momentum) * c
    step = orthogonal(m / (1 - momentum), ns_steps, ns_eps)
    return (1 - lr * weight_decay) * x - lr * width_scale(x.shape, rows_are_outputs) * step


def scion(
    x, g, t, memory, lr=1e-3, momentum=0.9, radius=1.0, ns_steps=5, ns_eps=1e-7, eps=1e-8,
    constrained=True, rows_are_outputs=False,
):  # fmt: skip
    """Pethick et al. 2025, algs. 1 and 2, with lmos of tab. 2."""
    m = memory["m"] = momentum * memory.get("m", 0.0) + (1 - momentum) * g
    if x.ndim == 1:
        point = -radius * m / (np.sqrt(np.mean(m**2)) + eps)
    else:
        outputs, inputs = x.shape if rows_are_outputs else x.shape[::-1]
        point = -radius * np.sqrt(outputs / inputs) * orthogonal(m, ns_steps, ns_eps)
    return (1 - lr) * x + lr * point if constrained else x + lr * point
