"""Wrappers in NumPy: what is done to a gradient, to the point after a step, and to reports."""

import numpy as np


class Plateau:
    """ReduceLROnPlateau with a relative threshold and no cooldown.

    torch's threshold lies above a best value below 0; ours is below every best value.
    """

    def __init__(
        self,
        plateau_factor=0.1,
        plateau_patience=10,
        plateau_threshold=1e-4,
        plateau_as_torch=False,
    ):
        self.factor, self.patience = plateau_factor, plateau_patience
        self.threshold, self.as_torch = plateau_threshold, plateau_as_torch
        self.scale, self.best, self.since = 1.0, np.inf, 0

    def __call__(self, f):
        sign = 1 if self.as_torch or self.best > 0 else -1
        if f < self.best * (1 - sign * self.threshold):
            self.best, self.since = f, 0
        else:
            self.since += 1
        if self.since > self.patience:
            self.scale, self.since = self.scale * self.factor, 0
        return self.scale


def gradient(x, g, around):
    """Return the gradient that the rule sees."""
    if "centralise" in around:
        g = g - g.mean()
    if "clip_value" in around:
        g = np.clip(g, -around["clip_value"], around["clip_value"])
    if "clip_norm" in around:
        g = g * min(1.0, around["clip_norm"] / (np.linalg.norm(g) + 1e-6))
    return g + around.get("l2", 0.0) * x + around.get("l1", 0.0) * np.sign(x)


class After:
    """What comes after each step: it keeps slow weights and all points that are averaged."""

    def __init__(self, start, around, steps):
        self.around, self.steps, self.slow, self.points = around, steps, start, []

    def point(self, x_old, x, g, lr):
        """Return where the step ends."""
        if "cautious" in self.around:
            agrees = (x_old - x) * g > 0
            x = np.where(agrees, x_old + (x - x_old) * x.size / (agrees.sum() + 1), x_old)
        x = x - lr * self.around.get("decay", 0.0) * x_old
        x = np.sign(x) * np.maximum(np.abs(x) - lr * self.around.get("l1_prox", 0.0), 0.0)
        self.points.append(x)
        if len(self.points) % self.around.get("lookahead_steps", np.inf) == 0:
            alpha = self.around.get("lookahead_alpha", 0.5)
            self.points[-1] = x = self.slow = (1 - alpha) * self.slow + alpha * x
        return x

    def reported(self, otherwise):
        """Return the average that is reported, or `otherwise`."""
        t = len(self.points)
        if "ema" in self.around:
            beta = self.around["ema"]
            weights = (1 - beta) * beta ** np.arange(t - 1, -1, -1.0)
            weights[0] = beta ** (t - 1)
            return weights @ np.array(self.points)
        if "tail" in self.around:
            averaged = t - self.steps + max(1, round(self.around["tail"] * self.steps))
            return np.mean(self.points[-averaged:], axis=0) if averaged > 0 else otherwise
        return otherwise
