"use strict";
(() => {
  const { sum, mean, median } = optbench.stats;

  // {problems, names, values}: shares [problem][optimizer], best optimizers first.
  const table = ({ targets }, state) => {
    const has = new Set(targets);
    const { problems, names } = optbench.cells.pairs(state);
    const shares = problems.map(({ label }) => names.map((name) => {
      const lanes = has.has(label) ? optbench.lanes(label, name) : null;
      return lanes && sum(lanes.reached) / lanes.reached.length;
    }));
    const means = names.map((_, k) => mean(shares.map((row) => row[k] ?? 0)));
    const order = names.map((_, k) => k).sort((a, b) => means[b] - means[a] || a - b);
    return { problems, names: order.map((k) => names[k]), values: shares.map((row) => order.map((k) => row[k])) };
  };

  const words = (label, name, share) => {
    if (share === null) return "not run, or no target";
    const { reached, cost } = optbench.lanes(label, name);
    return `${sum(reached)} of ${reached.length} lanes reached the target` +
      `<br>median cost ${optbench.number(median(cost))} evaluations`;
  };

  optbench.figure("success", {
    title: "Share of scoring lanes that reached the target (%)",
    group: "overview",
    paper: () => "heatmap-success",
    caption: () => "Best optimizers first. –: not run, or no target. A click shows the problem.",
    draw(host, data, state) {
      const { problems, names, values } = table(data, state);
      if (!problems.length || !names.length) return false;
      optbench.cells.draw(host, {
        problems, names, colours: values,
        texts: values.map((row) => row.map((share) => (share === null ? "–" : String(Math.round(100 * share))))),
        hovers: problems.map(({ label }, p) => names.map((name, k) =>
          `<b>${optbench.escape(name)}</b><br>${optbench.escape(label)}<br>${words(label, name, values[p][k])}`)),
        ticks: [[0, "0"], [0.5, "50"], [1, "100 %"]],
      });
      return true;
    },
    csv: (data, state) => optbench.cells.csv(table(data, state)),
  });
})();
