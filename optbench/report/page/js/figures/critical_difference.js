"use strict";
(() => {
  const ROW = 19;

  // Mean ranks of the optimizers that were run on all problems, best first, with the test or null.
  const ranked = (data, state) => {
    const { problems, names, values } = optbench.costs(data.targets, state);
    const complete = names.map((_, k) => k).filter((k) => values.every((row) => !Number.isNaN(row[k])));
    if (!problems.length || complete.length < 2) return null;
    const costs = values.map((row) => complete.map((k) => row[k]));
    const families = optbench.stats.familyRanks(costs, problems.map(({ family }) => family));
    const range = data.ranges[complete.length];
    const test = families.length >= data.blocks && range ? optbench.stats.friedman(families, range) : null;
    const means = families[0].map((_, k) => optbench.stats.mean(families.map((row) => row[k])));
    const ranks = test ? test.meanRanks : means;
    const rows = complete.map((k, i) => ({ name: names[k], rank: ranks[i] })).sort((a, b) => a.rank - b.rank);
    return { rows, test, families: families.length, left: names.length - complete.length };
  };

  optbench.figure("critical_difference", {
    title: "Mean ranks and what chance explains",
    group: "overview",
    paper: () => "ranks",
    caption(data, state) {
      const own = ranked(data, state);
      if (!own) return "";
      const left = own.left ? ` ${own.left} not run on all of these problems: no rank.` : "";
      if (!own.test) {
        return `Mean rank of what a success costs, over ${own.families} ${own.families === 1 ? "family" : "families"} of problems. No test: ` +
          `3 optimizers on ${data.blocks} families are needed.${left}`;
      }
      return `Mean rank of what a success costs, over ${own.families} ${own.families === 1 ? "family" : "families"} of problems; bars are half of Nemenyi's critical difference ` +
        `(${optbench.number(own.test.difference)}) to either side: two whose bars overlap are not told apart at 5 %. Grey: nobody there is told apart from the best one. ` +
        `Friedman's test: p = ${optbench.number(own.test.p, 2)} (Demšar 2006).${left}`;
    },
    draw(host, data, state) {
      const own = ranked(data, state);
      if (!own) return false;
      const { rows, test } = own;
      const half = test ? test.difference / 2 : 0;
      const { left, axis } = optbench.labels.rows(host, rows.map(({ name }) => name), { showgrid: false });
      const [low, high] = [rows[0].rank - half, rows.at(-1).rank + half];
      const margin = 0.03 * (high - low) + 0.05;
      optbench.plot(host, [{
        x: rows.map(({ rank }) => rank), y: rows.map((_, i) => i), mode: "markers", type: "scatter", meta: "mean rank",
        marker: { size: 9, color: rows.map(({ name }) => optbench.style(name).colour) },
        error_x: { type: "constant", value: half, visible: half > 0, thickness: 1.6, width: 4, color: "#777777" },
        text: rows.map(({ name, rank }) => `<b>${optbench.escape(name)}</b><br>mean rank ${optbench.number(rank)} of ${rows.length}` +
          (test && rank - rows[0].rank > test.difference ? "<br>told apart from the best one" : "")),
        hovertemplate: "%{text}<extra></extra>",
      }], {
        height: 50 + ROW * rows.length, margin: { l: left, r: 16, t: 8, b: 42 }, yaxis: axis,
        xaxis: optbench.axis({ title: { text: "mean rank (1: best)" }, range: [low - margin, high + margin] }),
        shapes: test ? [{
          type: "rect", yref: "paper", y0: 0, y1: 1, x0: rows[0].rank - half, x1: rows[0].rank + half,
          fillcolor: "#eeeeee", line: { width: 0 }, layer: "below",
        }] : [],
      });
      return true;
    },
    csv(data, state) {
      const own = ranked(data, state);
      return optbench.csv([["optimizer", "mean_rank", "critical_difference"],
        ...(own?.rows ?? []).map(({ name, rank }) => [name, rank, own.test?.difference ?? ""])]);
    },
  });
})();
