"use strict";
// A quadratic in the plane, f(x) = x'Ax / 2 with eigenvalues 1 and 1 / condition, and momentum on
// it. The rules are those of optbench/rules/gradient.py, `heavy_ball` and `nesterov`, in the same
// order of operations.
const playground = {};
(() => {
  // The first column turned by so many degrees: A = R diag(1, 1 / condition) R'.
  const matrix = ({ condition, rotation }) => {
    const [c, s] = [Math.cos(rotation * Math.PI / 180), Math.sin(rotation * Math.PI / 180)];
    const [large, small] = [1, 1 / condition];
    return [c * c * large + s * s * small, c * s * (large - small), s * s * large + c * c * small];
  };
  const value = ([a, b, d], [x, y]) => 0.5 * (a * x * x + 2 * b * x * y + d * y * y);
  const gradient = ([a, b, d], [x, y]) => [a * x + b * y, b * x + d * y];

  // Uniform in [0, 1): Mulberry32 (Ettinger 2017), the same for a seed on every machine.
  const uniforms = (seed) => {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  };
  // Pairs of standard normals (Box and Muller 1958).
  const normals = (seed) => {
    const uniform = uniforms(seed);
    return () => {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      return [radius * Math.cos(angle), radius * Math.sin(angle)];
    };
  };

  // One coordinate -> its new value and state, which begins as `state(x)`.
  const rules = {
    heavy_ball: {
      state: (x) => x,
      step: (x, g, before, lr, momentum) => [x - lr * g + momentum * (x - before), x],
    },
    nesterov: {
      state: () => 0,
      step: (x, g, v, lr, momentum) => {
        const next = momentum * v + g;
        return [x - lr * (g + momentum * next), next];
      },
    },
  };

  // {points [steps + 1], gradients [steps]}; it ends where it leaves the finite.
  const trajectory = ({ rule, lr, momentum, noise, seed, start, ...surface }, steps) => {
    const [own, a, draw] = [rules[rule], matrix(surface), normals(seed)];
    const [points, gradients] = [[start], []];
    let state = start.map(own.state);
    for (let t = 0; t < steps; t += 1) {
      const x = points[t];
      const errors = draw();
      const g = gradient(a, x).map((slope, i) => slope + noise * errors[i]);
      const next = x.map((xi, i) => own.step(xi, g[i], state[i], lr, momentum));
      if (!next.flat().every(Number.isFinite)) break;
      gradients.push(g);
      points.push(next.map(([xi]) => xi));
      state = next.map(([, si]) => si);
    }
    return { points, gradients };
  };

  Object.assign(playground, { matrix, value, gradient, trajectory });
})();
