"""Rules that report an average, from the papers."""


def schedule_free_sgd(x, g, t, memory, lr=1.0, beta=0.9, power=0.0):
    """Defazio et al. 2024: the average of z_1 .. z_t, weighted by t^power, as sums."""
    z = memory.get("z", x) - lr * g
    total = memory.get("total", 0.0) + t**power
    weighted = memory.get("weighted", 0.0) + t**power * z
    average = weighted / total
    memory.update(z=z, total=total, weighted=weighted, reported=average)
    return (1 - beta) * z + beta * average
