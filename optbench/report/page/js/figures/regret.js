"use strict";
(() => {
  const ROW = 22;
  const MOST = 100; // what is beyond, or never reached the target, is drawn at the edge

  const dots = ({ pairs }, state) => state.optimizers.map((name) => ({
    name, dots: optbench.problems().filter(({ label }) => pairs[label]?.[name])
      .map(({ label }) => ({ label, values: pairs[label][name] })),
  })).filter((row) => row.dots.length);

  optbench.figure("regret", {
    title: "What tuning missed: the chosen trial over the best one",
    group: "overview",
    caption({ most }, state) {
      return `A dot a problem: what the chosen trial costs on scoring lanes over what the best trial costs there; percentages: within ${most} times (dashed). ` +
        `Triangles: ${MOST} times and more, or the target was never reached. Tuned settings, whole budget.`;
    },
    draw(host, data, state) {
      const rows = dots(data, state);
      if (!rows.length) return false;
      const value = (regret) => Math.min(regret ?? Infinity, MOST);
      const good = (row) => row.dots.filter(({ values: [regret] }) => value(regret) <= data.most).length / row.dots.length;
      rows.sort((a, b) => good(b) - good(a));
      const { left, axis } = optbench.labels.rows(host, rows.map(({ name }) => name));
      optbench.plot(host, rows.map((row, i) => ({
        x: row.dots.map(({ values: [regret] }) => value(regret)), meta: row.name, optimizer: row.name, mode: "markers", type: "scatter",
        // Dots of one row stand a little apart, in the order of problems.
        y: row.dots.map((_, k) => i + 0.3 * ((k % 5) - 2) / 2),
        marker: { size: 7, opacity: 0.65, color: optbench.style(row.name).colour, symbol: row.dots.map(({ values: [regret] }) => (value(regret) < MOST ? "circle" : "triangle-right")) },
        text: row.dots.map(({ label, values: [regret, crossed, lr, best] }) => `<b>${optbench.escape(row.name)}</b><br>${optbench.escape(label)}<br>` +
          `${regret === null ? "the target was never reached" : `${optbench.number(regret)} times the best trial`}` +
          `${crossed === null ? "" : `, ${optbench.number(crossed)} crossed`}<br>rate ${optbench.number(lr)}, best ${optbench.number(best)}`),
        hovertemplate: "%{text}<extra></extra>",
      })), {
        height: 8 + ROW * rows.length + 46, margin: { l: left, r: 56, t: 8, b: 42 }, yaxis: axis,
        xaxis: optbench.axis({ type: "log", title: { text: "regret" }, range: [-0.03, Math.log10(MOST * 1.15)], tickvals: optbench.width(host) < 560 ? [1, 2, 5, 10, 30, 100] : [1, 1.25, 2, 5, 10, 20, 50, 100], tickangle: 0 }),
        shapes: [{ type: "line", yref: "paper", y0: 0, y1: 1, x0: data.most, x1: data.most, line: { color: optbench.SOFT, width: 1, dash: "dash" } }],
        annotations: rows.map((row, i) => ({
          xref: "paper", x: 1, y: i, xanchor: "left", xshift: 6, text: `${Math.round(100 * good(row))} %`, showarrow: false, font: { size: 11, color: optbench.SOFT },
        })),
      });
      return true;
    },
    csv(data, state) {
      return optbench.csv([["optimizer", "problem", "regret", "crossed", "lr", "best_lr"],
        ...dots(data, state).flatMap((row) => row.dots.map(({ label, values }) => [row.name, label, ...values]))]);
    },
  });
})();
