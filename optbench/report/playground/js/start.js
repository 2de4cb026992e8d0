"use strict";
// What is chosen, by sliders, keys and clicks, and what is shown of it.
(() => {
  const STEPS = 200;
  const MAP = 160; // pixels of the stability map along each side
  const SLOWEST = 300; // steps to ten times nearer at which its colours end
  const VIEW = [-2, 2];
  const RATES = [0, 4];
  const MOMENTA = [0, 1];
  const LOWEST = 1e-16;
  const BLUE = "#0072B2";

  const find = (id) => document.getElementById(id);
  const shades = JSON.parse(find("shades").textContent);
  const [nearer, farther] = [playground.colours(shades.nearer), playground.colours(shades.farther)];
  const state = {
    rule: "heavy_ball", lr: 0.4, momentum: 0.7, condition: 20, rotation: 30, noise: 0, seed: 1,
    start: [-1.6, 1.2],
  };
  let path = { points: [] };
  let gaps = [];

  const digits = (value, count = 3) => String(Number(value.toPrecision(count)));
  const power = (k) => `1e${k}`;
  const sliders = {
    lr: { show: (value) => digits(value) },
    momentum: { show: (value) => digits(value) },
    condition: { to: Math.log10, from: (value) => 10 ** value, show: (value) => digits(value) },
    rotation: { show: (value) => `${Math.round(value)}°` },
    noise: { show: (value) => digits(value, 2) },
  };

  // A radius near 1 with as many digits as tell it from 1.
  const factor = (rho) => {
    const apart = Math.abs(1 - rho);
    return apart > 0 && apart < 0.1 ? String(Number(rho.toFixed(2 - Math.floor(Math.log10(apart))))) : digits(rho);
  };
  const pace = (rho) => {
    const many = digits(playground.stepsPerDecade(rho));
    if (rho === 0) return "one step leads to the minimum.";
    if (rho === 1) return "it neither comes nearer nor leaves.";
    return rho < 1
      ? `in the long run a step leaves ${factor(rho)} of the distance, ten times nearer takes ${many} steps.`
      : `it diverges, ten times farther takes ${many} steps.`;
  };
  const words = () => {
    const rho = playground.radius(state.rule, state.lr, state.momentum, state.condition);
    const best = playground.best[state.rule](state.condition);
    const edge = ` With this momentum it converges for rates below ${digits(playground.stable[state.rule](state.momentum))}.`;
    const noise = state.noise && rho < 1 ? " Noise keeps it at a distance, which is shorter for smaller rates." : "";
    return `Spectral radius ${factor(rho)}${rho > 1 ? " > 1" : ""}: ${pace(rho)}${edge}${noise} ` +
      `Best for this condition: lr ${digits(best.lr)}, momentum ${digits(Math.max(0, best.momentum))}, radius ${factor(best.radius)} (${best.source}).`;
  };

  // ----------------------------------------------------------------------------------- pictures

  const drawPath = (count) => {
    const own = playground.frame(find("path"), 1);
    const at = playground.scale(own, VIEW, VIEW);
    const a = playground.matrix(state);
    const corner = Math.max(playground.value(a, [2, 2]), playground.value(a, [2, -2]));
    const pixels = playground.visible(path.points.map(([x, y]) => [at.x(x), at.y(y)]));
    playground.inside(own, (context) => {
      playground.contours(context, at, state, corner);
      playground.line(context, pixels, count === null ? BLUE : "#9cc3dd", 1.6);
      pixels.forEach((point) => playground.dot(context, point, { radius: 1.6, fill: BLUE, edge: BLUE }));
      if (count !== null) playground.line(context, pixels.slice(0, count + 1), BLUE, 3);
      playground.cross(context, [at.x(0), at.y(0)], 4);
      playground.dot(context, pixels[0]);
      playground.dot(context, pixels[Math.min(count ?? Infinity, pixels.length - 1)], { radius: 6, fill: BLUE, edge: "#fff" });
    });
    const ticks = [-2, -1, 0, 1, 2].map((value) => [value, String(value)]);
    playground.axes(own, at, { x: ticks, y: ticks, xText: "x0", yText: "x1" });
    return at;
  };

  const drawGaps = (count) => {
    const own = playground.frame(find("gaps"), 1);
    const logs = gaps.map((gap) => Math.log10(Math.max(gap, LOWEST)));
    const rho = playground.radius(state.rule, state.lr, state.momentum, state.condition);
    const [low, high] = [Math.floor(Math.min(...logs, logs[0] - 2)), Math.ceil(Math.min(Math.max(...logs), logs[0] + 12) + 0.1)];
    const at = playground.scale(own, [0, STEPS], [low, high]);
    const every = Math.max(1, Math.ceil((high - low) / 8));
    playground.inside(own, (context) => {
      const slope = 2 * Math.log10(Math.max(rho, 1e-300));
      playground.line(context, [[at.x(0), at.y(logs[0])], [at.x(STEPS), at.y(logs[0] + slope * STEPS)]], "#8a8a8a", 1.5, [5, 4]);
      const pixels = logs.map((value, t) => [at.x(t), at.y(value)]);
      playground.line(context, pixels, BLUE, 2);
      if (count !== null) playground.dot(context, pixels[count], { radius: 6, fill: BLUE, edge: "#fff" });
    });
    playground.axes(own, at, {
      x: [0, 50, 100, 150, 200].map((value) => [value, String(value)]),
      y: Array.from({ length: high - low + 1 }, (_, i) => low + i).filter((k) => (k - low) % every === 0).map((k) => [k, power(k)]),
      xText: "steps (dashed: times radius² a step)", yText: "f - f*",
    });
  };

  let map = {}; // kept while neither the rule nor the condition changes
  const shade = (u, v) => {
    const rho = playground.radius(state.rule, u * RATES[1], v * MOMENTA[1], state.condition);
    const share = Math.log(Math.max(1, playground.stepsPerDecade(rho))) / Math.log(SLOWEST);
    return rho < 1 ? nearer(share) : farther(1 - share);
  };
  const drawMap = () => {
    const own = playground.frame(find("map"), 1);
    const at = playground.scale(own, RATES, MOMENTA);
    const of = [state.rule, state.condition].join();
    if (map.of !== of) map = { of, picture: playground.picture(MAP, shade) };
    const best = playground.best[state.rule](state.condition);
    playground.inside(own, (context) => {
      context.imageSmoothingEnabled = false;
      context.drawImage(map.picture, own.left, own.top, own.width, own.height);
      playground.cross(context, [at.x(best.lr), at.y(best.momentum)]);
      const here = [at.x(state.lr), at.y(state.momentum)];
      for (const [edge, radius] of [["#000", 9], ["#fff", 7.5]]) playground.dot(context, here, { radius, edge, fill: "transparent" });
    });
    playground.axes(own, at, {
      x: [0, 1, 2, 3, 4].map((value) => [value, String(value)]),
      y: [0, 0.2, 0.4, 0.6, 0.8, 1].map((value) => [value, String(value)]),
      xText: "learning rate (times the largest eigenvalue)", yText: "momentum",
    });
    return at;
  };

  const player = optbench.player(find("player"), {
    show: (evaluations) => {
      const count = evaluations === null ? null : Math.min(evaluations, path.points.length - 1);
      drawPath(count);
      drawGaps(count);
    },
  });

  // ------------------------------------------------------------------------------------ choices

  const show = () => {
    const a = playground.matrix(state);
    path = playground.trajectory(state, STEPS);
    gaps = path.points.map((point) => playground.value(a, point));
    Object.entries(sliders).forEach(([name, own]) => {
      find(name).value = own.to ? own.to(state[name]) : state[name];
      find(`${name}-value`).textContent = own.show(state[name]);
      find(name).setAttribute("aria-valuetext", own.show(state[name]));
    });
    find("rule").value = state.rule;
    find("draw").disabled = !state.noise;
    find("words").textContent = words();
    player.reset(path.points.length - 1);
    drawMap();
    const last = digits(gaps.at(-1));
    find("path").setAttribute("aria-label", `The trajectory over contours; after ${gaps.length - 1} steps f - f* is ${last}.`);
    find("gaps").setAttribute("aria-label", `f - f* over steps, from ${digits(gaps[0])} to ${last}.`);
  };
  const set = (changes) => {
    Object.assign(state, changes);
    show();
  };

  Object.entries(sliders).forEach(([name, { from }]) => find(name).addEventListener("input", (event) => {
    const value = Number(event.target.value);
    set({ [name]: from ? from(value) : value });
  }));
  find("rule").addEventListener("change", (event) => set({ rule: event.target.value }));
  find("best").addEventListener("click", () => {
    const { lr, momentum } = playground.best[state.rule](state.condition);
    set({ lr, momentum: Math.max(0, momentum) });
  });
  find("draw").addEventListener("click", () => set({ seed: state.seed + 1 }));

  const within = (value, [low, high]) => Math.min(Math.max(value, low), high);
  const pointed = (canvas, act) => {
    const at = (event) => act(event.offsetX, event.offsetY);
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); at(event); });
    canvas.addEventListener("pointermove", (event) => canvas.hasPointerCapture(event.pointerId) && at(event));
  };
  pointed(find("path"), (px, py) => set({ start: drawPath(null).back(px, py).map((value) => within(value, VIEW)) }));
  pointed(find("map"), (px, py) => {
    const [lr, momentum] = drawMap().back(px, py);
    set({ lr: within(lr, [0.001, RATES[1]]), momentum: within(momentum, [0, 0.999]) });
  });
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
  find("path").addEventListener("keydown", (event) => {
    const by = ARROWS[event.key];
    if (!by) return;
    event.preventDefault();
    set({ start: state.start.map((value, i) => within(value + 0.1 * by[i], VIEW)) });
  });

  let wide = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === wide) return;
    wide = contentRect.width;
    show();
  }).observe(find("path").parentElement);
  Object.assign(playground, { state, set });
  document.documentElement.classList.add("live");
})();
