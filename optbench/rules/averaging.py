"""Rules that report an average of their iterates instead of the point of the gradients."""

from optbench.define import Log, Range, optimizer


@optimizer(
    state={"z": "x", "average": "x"},
    iterate="average",
    lr=Log(1.0),
    beta=Range(0.9, 0.0, 1.0),
    power=Range(0.0, 0.0),
    source="Defazio et al. 2024, eqs. 3-5; schedulefree.SGDScheduleFree",
)
def schedule_free_sgd(x, g, z, average, lr, beta, power, total, weight):
    """Schedule-free SGD: gradients at x between the fast iterate z and its running average."""
    z = z - lr * g
    average = average + weight * (z - average)
    return z + beta * (average - z), z, average


@schedule_free_sgd.uniform
def _(t, power, total=0.0):
    weight = t**power
    return total + weight, weight / (total + weight)
