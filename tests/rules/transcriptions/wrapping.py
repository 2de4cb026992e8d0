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


class Before:
    """What is done to gradients before the rule: it keeps all of them, and the mean of squares."""

    def __init__(self, around):
        self.around, self.seen, self.square, self.t = around, [], 0.0, 0

    def gradient(self, x, g, memory):
        """Return the gradient that the rule sees; a reset empties its memory."""
        around = self.around
        self.t += 1
        if "centralise" in around:
            g = g - g.mean()
        if "clip_value" in around:
            g = np.clip(g, -around["clip_value"], around["clip_value"])
        if any(name.startswith("spam_") for name in around):
            g = self.without_spikes(g, memory)
        if "clip_norm" in around:
            g = g * min(1.0, around["clip_norm"] / (np.linalg.norm(g) + 1e-6))
        for name in ("normalise", "normalise_tensors"):  # there is one tensor
            if name in around:
                g = around[name] * g / (np.linalg.norm(g) + 1e-6)
        if "grokfast_lamb" in around or "grokfast_alpha" in around:
            self.seen.append(g)
            g = g + around.get("grokfast_lamb", 2.0) * self.slow()
        return g + around.get("l2", 0.0) * x + around.get("l1", 0.0) * np.sign(x)

    def slow(self):
        """Return the running mean of gradients as a weighted sum of all."""
        alpha, t = self.around.get("grokfast_alpha", 0.98), len(self.seen)
        weights = (1 - alpha) * alpha ** np.arange(t - 1, -1, -1.0)
        weights[0] = alpha ** (t - 1)
        return weights @ np.array(self.seen)

    def since_reset(self):
        return self.t % self.around.get("spam_reset", 500)

    def without_spikes(self, g, memory):
        """Huang et al. 2025, alg. 1."""
        if self.since_reset() == 0:
            memory.clear()
            self.square = 0.0
        if min(self.t, self.since_reset()) >= self.around.get("spam_accumulate", 20):
            limit = np.sqrt(self.around.get("spam_threshold", 5000.0) * self.square)
            g = np.where(limit > 0.0, np.clip(g, -limit, limit), g)
        beta = self.around.get("spam_beta2", 0.999)
        self.square = beta * self.square + (1 - beta) * g**2
        return g

    def rate(self):
        """Return what SPAM's warmup multiplies the rate by."""
        resets = any(name.startswith("spam_") for name in self.around)
        steps, since = self.around.get("spam_warmup", 150), self.since_reset()
        if not resets or self.t < self.around.get("spam_reset", 500) or since >= steps:
            return 1.0
        return 1.0 - 0.99 * np.cos(0.5 * np.pi * (since + 1) / (steps + 1)) ** 2


class After:
    """What comes after each step: it keeps slow weights and all points that are averaged."""

    def __init__(self, start, around, steps, base_lr):
        self.around, self.steps, self.slow, self.points = around, steps, start, []
        self.radius, self.base_lr = np.linalg.norm(start), base_lr

    def decay(self, x_old, x, lr):
        """Return what decay takes away."""
        share = 1.0 if "decay_independent" in self.around else self.base_lr
        power = 2 if "decay_corrected" in self.around else 1
        taken = share * (lr / self.base_lr) ** power * self.around.get("decay", 1e-2) * x_old
        grows = "decay_cautious" in self.around and (x_old - x) * x_old < 0
        return np.where(grows, 0.0, taken)

    def point(self, x_old, x, g, lr):
        """Return where the step ends."""
        if "cautious" in self.around:
            agrees = (x_old - x) * g > 0
            x = np.where(agrees, x_old + (x - x_old) * x.size / (agrees.sum() + 1), x_old)
        if "grams" in self.around:
            x = x_old - np.abs(x - x_old) * np.sign(g)
        if any(name.startswith("decay") for name in self.around):
            x = x - self.decay(x_old, x, lr)
        x = np.sign(x) * np.maximum(np.abs(x) - lr * self.around.get("l1_prox", 0.0), 0.0)
        if "hyperball" in self.around:
            step = (x - x_old) / np.linalg.norm(x - x_old)
            x = x_old + lr * self.radius * step
            x = self.radius * x / np.linalg.norm(x)
        self.points.append(x)
        if len(self.points) % self.around.get("lookahead_steps", np.inf) == 0:
            alpha = self.around.get("lookahead_alpha", 0.5)
            self.points[-1] = x = self.slow = (1 - alpha) * self.slow + alpha * x
        return x

    def reported(self, otherwise):
        """Return the average that is reported, or `otherwise`."""
        t = len(self.points)
        if "ema" in self.around:
            beta, left_out = self.around["ema"], round(self.around.get("ema_start", 0) * self.steps)
            points = self.points[left_out:] or self.points[-1:]
            weights = (1 - beta) * beta ** np.arange(len(points) - 1, -1, -1.0)
            weights[0] = beta ** (len(points) - 1)
            return weights @ np.array(points)
        if "tail" in self.around:
            averaged = t - self.steps + max(1, round(self.around["tail"] * self.steps))
            return np.mean(self.points[-averaged:], axis=0) if averaged > 0 else otherwise
        return otherwise
