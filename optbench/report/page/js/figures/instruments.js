"use strict";
(() => {
  const NOTE = "Sharpness: largest eigenvalue of the Hessian of the training loss; above 2 (dashed) gradient descent leaves a parabola of that curvature, " +
    "rules that scale coordinates have other bounds. Noise scale: batches much smaller are mostly noise. " +
    "Alpha: where the one step that led to the point ends in the parabola below it; −1: did not move, 0: in the minimum, 1: as high on the other side.";

  // What is not finite or, on a logarithmic axis, not above 0 is not drawn.
  const clipped = (value, { logarithmic, limits: [low, high] }) =>
    (value === null || (logarithmic && value <= 0) ? null : Math.min(Math.max(value, low), high));

  // Of a logarithmic axis the exponents; lines are always on it.
  const range = (panel, curves) => {
    const { column, logarithmic, lines } = panel;
    const drawn = curves.flatMap((own) => own[column]).map((value) => clipped(value, panel)).filter((value) => value !== null);
    const values = [...drawn, ...lines].map((value) => (logarithmic ? Math.log10(value) : value));
    if (!values.length) return null;
    const [low, high] = optbench.labels.extremes(values);
    const pad = logarithmic ? 0.3 : 0.15;
    return [low - pad, high + pad];
  };

  optbench.figure("instruments", {
    title: "Instruments along training",
    group: "problem",
    applies: (data, state) => state.problem in data.nets,
    paper: (state) => `'instruments-${optbench.problem(state.problem).slug}'`,
    caption: (data, state) => `${NOTE} One lane (instance 0, seed 0), ${state.setting}.`,
    draw(host, data, state) {
      const curves = data.nets[state.problem]?.[state.setting] ?? {};
      const names = state.optimizers.filter((name) => curves[name]);
      const shown = data.panels.map((panel) => ({ ...panel, range: range(panel, names.map((name) => curves[name])) })).filter((panel) => panel.range);
      if (!names.length || !shown.length) return false;
      const margin = { l: 60, r: 12, t: 0, b: 46 };
      const width = optbench.width(host) - margin.l - margin.r;
      const across = width >= 560 ? 2 : 1;
      const height = 230 * Math.ceil(shown.length / across);
      const panels = optbench.labels.grid(shown.length, across, width, height, { gap: 60, above: 28 });
      const axes = {};
      const shapes = [];
      const traces = panels.flatMap(({ x, y, lowest }, k) => {
        const { column, words, logarithmic, lines, range: ends } = shown[k];
        const suffix = optbench.labels.suffix(k);
        axes[`xaxis${suffix}`] = optbench.axis({ type: "log", domain: x, anchor: `y${suffix}`, matches: k ? "x" : undefined, showticklabels: lowest, title: { text: lowest ? "step" : "" }, dtick: 1, exponentformat: "power" });
        axes[`yaxis${suffix}`] = { ...(logarithmic ? optbench.logAxis("", ends) : optbench.axis({ range: ends })), domain: y, anchor: `x${suffix}` };
        shapes.push(...lines.map((at) => ({ type: "line", xref: `x${suffix} domain`, yref: `y${suffix}`, x0: 0, x1: 1, y0: at, y1: at, layer: "below", line: { color: optbench.SOFT, width: 1, dash: "dash" } })));
        return names.map((name) => ({
          xaxis: `x${suffix}`, yaxis: `y${suffix}`, x: curves[name].step.map((step) => (step > 0 ? step : 0.5)), y: curves[name][column].map((value) => clipped(value, shown[k])),
          mode: "lines+markers", line: optbench.line(name, 1.4), marker: { size: 3 }, meta: `${name} ${words}`, optimizer: name,
          text: curves[name].step.map((step, i) => `<b>${optbench.escape(name)}</b><br>after ${step} steps<br>${words.replace("\n", " ")} ${optbench.number(curves[name][column][i])}`),
          hovertemplate: "%{text}<extra></extra>",
        }));
      });
      optbench.plot(host, traces, {
        height: height + margin.b, margin, ...axes, shapes,
        annotations: shown.map(({ words }, k) => optbench.labels.title(`<b>${words.replace("\n", " ")}</b>`, panels[k])),
      });
      return true;
    },
  });
})();
