"use strict";
(() => {
  const MOST = 24; // names that fit beside the axes
  const ROW = 15; // pixels of a name
  const HEIGHT = 440;
  const TOP = 10;
  const FOOT = 48;

  // Heights of names that do not overlap and are near the ends of their lines.
  const spread = (wanted, low, high) => {
    const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
    const at = wanted.slice();
    order.forEach((i, k) => { at[i] = Math.max(at[i], k ? at[order[k - 1]] + ROW : low); });
    [...order].reverse().forEach((i, k, back) => {
      at[i] = Math.min(at[i], k ? at[back[k - 1]] - ROW : high);
    });
    return at;
  };

  // Sixteen decades below the start and two above it: what is beyond squeezes the rest into a line.
  const limits = (bands, own) => {
    const values = bands.flatMap(({ low, middle }) => [...low, ...middle]).filter((v) => v > 0);
    if (own.target) values.push(own.target);
    if (!values.length) return [-16, 0];
    const most = values.reduce((a, b) => Math.max(a, b));
    const start = own.start > 0 ? own.start : most;
    const least = Math.max(values.reduce((a, b) => Math.min(a, b)), start * 1e-16);
    return [Math.log10(least) - 0.2, Math.log10(Math.max(Math.min(most, start * 100), 10 * least)) + 0.2];
  };

  const band = (name, { x, low, high, lanes }, top) => {
    if (lanes < 2) return [];
    const at = x.map((_, i) => i).filter((i) => low[i] !== null);
    return [{
      x: [...at.map((i) => x[i]), ...at.map((i) => x[i]).reverse()],
      y: [...at.map((i) => high[i] ?? top), ...at.map((i) => low[i]).reverse()],
      fill: "toself", fillcolor: optbench.tint(name, 0.12), line: { width: 0 }, mode: "lines",
      hoverinfo: "skip", meta: `${name} quartiles`,
    }];
  };

  const curve = (name, { x, low, middle, high, lanes, left }) => ({
    x, y: middle, mode: "lines", line: optbench.line(name), meta: name, name: optbench.escape(name),
    text: x.map((_, i) =>
      `<b>${optbench.escape(name)}</b><br>after ${x[i]} evaluations<br>` +
      `median ${optbench.number(middle[i] ?? Infinity)}, quartiles ` +
      `${optbench.number(low[i] ?? Infinity)} – ${optbench.number(high[i] ?? Infinity)}` +
      `<br>${lanes} lanes${left[0].length ? `, ${left[0].length} diverged` : ""}`),
    hovertemplate: "%{text}<extra></extra>",
  });

  // Where lanes that diverged were seen last.
  const departures = (name, { left: [x, y] }) => (x.length ? [{
    x, y, mode: "markers", marker: { symbol: "x-thin", size: 7, line: { width: 1.5, color: optbench.style(name).colour } },
    hoverinfo: "skip", meta: `${name} last before it diverged`,
  }] : []);

  const floored = (band, floor) => ({
    ...band, ...Object.fromEntries(["low", "middle", "high"].map((key) =>
      [key, band[key].map((v) => (v === null ? null : Math.max(v, floor)))])),
  });

  optbench.figure("convergence", {
    title: "Convergence",
    group: "problem",
    paper: (state) => `'problem-${optbench.problem(state.problem).slug}'`,
    caption: (data, state) => {
      const own = data[state.problem];
      const words = "Median over scoring lanes, band: quartiles; a band that runs to the upper edge: " +
        "a quarter of the lanes or more diverged. × where lanes that diverged were seen last.";
      const unit = own?.values.length ? ` ${own.values.join(", ")}: evaluations of values alone.` : "";
      return `${words} Dashed line: the target.${unit}` +
        (state.setting === "one for the kind" ? " Curves are kept at the tuned and the default setting alone." : "");
    },
    draw(host, data, state) {
      const own = data[state.problem];
      const bands = own?.[state.setting];
      if (!bands) return false;
      const names = state.optimizers.filter((name) => bands[name]);
      if (!names.length) return false;
      const range = limits(names.map((name) => bands[name]), own);
      const [floor, top] = range.map((v) => 10 ** v);
      const shown = names.map((name) => [name, floored(bands[name], floor)]);
      const most = Math.max(...shown.map(([, { x }]) => x[x.length - 1]));
      const narrow = host.clientWidth < 560;
      const length = narrow ? 14 : 26;
      const height = Math.max(HEIGHT, TOP + FOOT + ROW * (Math.min(names.length, MOST) + 1));
      const tall = height - TOP - FOOT;
      const pixel = (value) => tall * (range[1] - Math.log10(value ?? top)) / (range[1] - range[0]);
      const ends = shown.map(([name, { middle }]) => ({
        name, y: Math.min(Math.max(pixel(middle[middle.length - 1]), 0), tall),
      })).sort((a, b) => b.y - a.y).slice(0, MOST);
      const at = spread(ends.map(({ y }) => y), 4, tall - 4);
      const paper = (y) => 1 - y / tall;
      const first = Math.min(...shown.map(([, { x }]) => x.find((v) => v > 0) ?? 1));
      // On a log axis the start, at no evaluation, stands half an octave before the first record.
      const moved = (x) => x.map((v) => (v > 0 ? v : first / 1.5));
      const target = own.target ? [{
        type: "line", xref: "paper", x0: 0, x1: 1, y0: own.target, y1: own.target,
        line: { color: optbench.SOFT, width: 1, dash: "dash" },
      }] : [];
      optbench.plot(host, [
        ...shown.flatMap(([name, b]) => band(name, { ...b, x: moved(b.x) }, top)),
        ...shown.map(([name, b]) => ({ ...curve(name, b), x: moved(b.x) })),
        ...shown.flatMap(([name, b]) => departures(name, b)),
      ], {
        height, margin: { l: 64, r: narrow ? 104 : 190, t: TOP, b: FOOT },
        xaxis: optbench.axis({ type: "log", title: { text: "gradient evaluations" },
          range: [Math.log10(first / 1.6), Math.log10(most * 1.02)], exponentformat: "power", dtick: 1 }),
        yaxis: optbench.axis({ type: "log", title: { text: own.title }, range, exponentformat: "power", nticks: 9 }),
        shapes: [...target, ...ends.map(({ name, y }, i) => ({
          type: "line", xref: "paper", yref: "paper", x0: 1, x1: 1.02, y0: paper(y), y1: paper(at[i]),
          line: { color: optbench.style(name).colour, width: 1 },
        }))],
        annotations: ends.map(({ name }, i) => ({
          xref: "paper", yref: "paper", x: 1.022, y: paper(at[i]), xanchor: "left", yanchor: "middle",
          text: optbench.escape(optbench.short(name, length)), showarrow: false,
          font: { size: 11, color: optbench.style(name).colour }, hovertext: optbench.escape(name),
        })),
      });
      return true;
    },
  });
})();
