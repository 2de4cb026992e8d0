"use strict";
// What is known of momentum on a quadratic: along an eigenvector with eigenvalue h the error obeys
// e(t+1) = b e(t) - c e(t-1), so that it shrinks as powers of the larger root of z^2 - b z + c.
(() => {
  // Heavy ball (Polyak 1964): e(t+1) = (1 + m - lr h) e(t) - m e(t-1). Nesterov, in the points where
  // gradients are taken: e(t+1) = (1 + m) (1 - lr h) e(t) - m (1 - lr h) e(t-1).
  const coefficients = {
    heavy_ball: (lr, momentum, h) => [1 + momentum - lr * h, momentum],
    nesterov: (lr, momentum, h) => [(1 + momentum) * (1 - lr * h), momentum * (1 - lr * h)],
  };
  const largestRoot = (b, c) => {
    const discriminant = b * b - 4 * c;
    return discriminant < 0 ? Math.sqrt(c) : (Math.abs(b) + Math.sqrt(discriminant)) / 2;
  };
  // The factor that a step leaves of the distance in the long run: the spectral radius.
  const radius = (rule, lr, momentum, condition) => Math.max(
    ...[1, 1 / condition].map((h) => largestRoot(...coefficients[rule](lr, momentum, h))));

  // The best rate and momentum for eigenvalues from 1 / condition to 1, and their radius. Heavy
  // ball: Polyak 1964, thm. 9. Nesterov: Lessard, Recht and Packard 2016, prop. 1.
  const best = {
    heavy_ball: (condition) => {
      const root = Math.sqrt(condition);
      const share = (root - 1) / (root + 1);
      return { lr: 4 / (1 + 1 / root) ** 2, momentum: share ** 2, radius: share, source: "Polyak 1964" };
    },
    nesterov: (condition) => {
      const root = Math.sqrt(3 * condition + 1);
      return {
        lr: 4 / (3 + 1 / condition), momentum: (root - 2) / (root + 2), radius: 1 - 2 / root,
        source: "Lessard, Recht and Packard 2016",
      };
    },
  };

  // The rate below which it converges, with the largest eigenvalue 1: where the larger root is -1.
  const stable = {
    heavy_ball: (momentum) => 2 * (1 + momentum),
    nesterov: (momentum) => 2 * (1 + momentum) / (1 + 2 * momentum),
  };

  // Steps to ten times nearer, or farther where the radius is above 1.
  const stepsPerDecade = (rho) => Math.LN10 / Math.abs(Math.log(rho));

  Object.assign(playground, { radius, best, stable, stepsPerDecade });
})();
