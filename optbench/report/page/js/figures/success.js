"use strict";
optbench.figure("success", {
  title: "Share of scoring lanes that reached the target (%)",
  group: "overview",
  paper: () => "heatmap-success",
  caption: () => "Best optimizers first. –: not run, or no target.",
  draw(host, { targets }, state) {
    const { sum, mean } = optbench.stats;
    const { problems, names } = optbench.cells.pairs(state);
    if (!problems.length || !names.length) return false;
    const has = new Set(targets);
    const shares = problems.map(({ label }) => names.map((name) => {
      const lanes = has.has(label) ? optbench.lanes(label, name) : null;
      return lanes && sum(lanes.reached) / lanes.reached.length;
    }));
    const means = names.map((_, k) => mean(shares.map((row) => row[k] ?? 0)));
    const order = names.map((_, k) => k).sort((a, b) => means[b] - means[a] || a - b);
    const sorted = order.map((k) => names[k]);
    const colours = shares.map((row) => order.map((k) => row[k]));
    const percent = (share) => (share === null ? "–" : String(Math.round(100 * share)));
    optbench.cells.draw(host, {
      problems, names: sorted, colours, texts: colours.map((row) => row.map(percent)),
      hovers: problems.map(({ label }, p) => sorted.map((name, k) => {
        const lanes = optbench.lanes(label, name);
        const words = colours[p][k] === null ? "not run, or no target"
          : `${sum(lanes.reached)} of ${lanes.reached.length} lanes reached the target` +
            `<br>median cost ${optbench.number(optbench.stats.median(lanes.cost))} evaluations`;
        return `<b>${optbench.escape(name)}</b><br>${optbench.escape(label)}<br>${words}`;
      })),
      ticks: [[0, "0"], [0.5, "50"], [1, "100 %"]],
    });
    return true;
  },
});
