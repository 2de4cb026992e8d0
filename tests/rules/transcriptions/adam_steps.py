"""Other steps from Adam's two moments, from the papers."""

import numpy as np

from .adaptive import moments


def _corrected(g, t, memory, beta1, beta2):
    moments(g, t, memory, beta1, beta2)
    return memory["m"] / (1 - beta1**t), memory["v"] / (1 - beta2**t)


def adam_atan2(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, b=1.0):
    """Everett et al. 2024: atan2 in place of the division."""
    m_hat, v_hat = _corrected(g, t, memory, beta1, beta2)
    return x - lr * np.arctan2(m_hat, b * np.sqrt(v_hat))


def optimistic_adam(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, optimism=1.0):
    """Daskalakis et al. 2018, alg. 1, where the step before the first is the first."""
    m_hat, v_hat = _corrected(g, t, memory, beta1, beta2)
    step = m_hat / (np.sqrt(v_hat) + eps)
    before = memory.get("step", step)
    memory["step"] = step
    return x - lr * (1 + optimism) * step + lr * optimism * before


def msvag(x, g, t, memory, lr=1e-2, beta=0.9):
    """Balles and Hennig 2018, M-SVAG: rho by its sums over the weights of the means."""
    m_hat, v_hat = _corrected(g, t, memory, beta, beta)
    weights = beta ** np.arange(t) / np.sum(beta ** np.arange(t))
    rho = min(np.sum(weights**2), 0.9999)
    s = np.maximum(v_hat - m_hat**2, 0.0) / (1 - rho) if t > 1 and beta > 0.0 else 0.0
    noise = np.divide(rho * s, m_hat**2, out=0.0 * m_hat, where=m_hat != 0.0)
    return x - lr * m_hat / (1 + noise)


def adamg(
    x, g, t, memory, lr=1.0, beta1=0.95, beta2=0.999, beta3=0.95, p=0.2, q=0.24, eps=1e-8
):  # fmt: skip
    """Pan et al. 2024, AdamG."""
    v = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
    r = beta3 * memory.get("r", 0.0) + (1 - beta3) * p * np.exp(q * np.log(v))
    m = beta1 * memory.get("m", 0.0) + (1 - beta1) * r * g
    memory.update(m=m, v=v, r=r)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return x - min(lr, 1 / np.sqrt(t)) * m_hat / (np.sqrt(v_hat) + eps)


def exadam(x, g, t, memory, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adly 2024, EXAdam."""
    m_hat, v_hat = _corrected(g, t, memory, beta1, beta2)
    m, v = memory["m"], memory["v"]
    d1 = 1 + v / (v + eps) * beta2**t
    d2 = 1 + m**2 / (m**2 + eps) * beta1**t
    return x - lr * (m_hat * d1 + g / (1 - beta1**t) * d1) / (np.sqrt(v_hat * d2) + eps)


def ano(x, g, t, memory, lr=1e-4, beta1=0.92, beta2=0.99, eps=1e-8):
    """Kegreisz 2025, Ano."""
    m = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    v = memory.get("v", 0.0 * g)
    v = beta2 * v - (1 - beta2) * np.sign(v - g**2) * g**2
    memory.update(m=m, v=v)
    return x - lr * np.abs(g) * np.sign(m) / (np.sqrt(v / (1 - beta2**t)) + eps)
