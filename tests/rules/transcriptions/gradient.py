"""Gradient descent and its momenta, from the papers."""


def gd(x, g, t, memory, lr=1e-2):
    return x - lr * g


def momentum(x, g, t, memory, lr=1e-2, momentum=0.9):
    memory["velocity"] = momentum * memory.get("velocity", 0.0) + g
    return x - lr * memory["velocity"]


def nesterov(x, g, t, memory, lr=1e-2, momentum=0.9):
    """Sutskever et al. 2013: theta moves by v, and x = theta + momentum v is the point ahead."""
    v = momentum * memory.get("v", 0.0) - lr * g
    theta = memory.get("theta", x) + v
    memory.update(v=v, theta=theta)
    return theta + momentum * v
