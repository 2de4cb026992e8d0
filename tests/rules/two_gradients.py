"""A rule of two gradients a step."""

from optbench.define import Log, optimizer


@optimizer(state="anchor", evaluations=2, lr=Log(0.1))
def extragradient(x, g, anchor, lr, phase):
    """Korpelevich 1976: look ahead, then step from the anchor with the gradient found there."""
    anchor = x if phase == 0 else anchor
    return anchor - lr * g, anchor
