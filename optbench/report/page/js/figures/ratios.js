"use strict";
(() => {
  const MOST = Math.log(100); // white from here on

  // What optimizers of a problem cost over the best of them, {above, bounded, basis}, or null.
  const scores = (data, label, names, state) => {
    const lanes = names.map((name) => optbench.lanes(label, name));
    const own = lanes.filter(Boolean);
    if (!own.length) return null;
    const first = optbench.data.pairs[label][names[lanes.findIndex(Boolean)]].basis;
    const gaps = state.metric === "gap" && ["evaluations", "gap"].includes(first);
    const basis = gaps ? "gap" : optbench.stats.commonBasis(first, own, data.final);
    if (basis === "value" || (basis === "gap" && !data.compare.includes(label))) return { basis };
    const { above, bounded } = optbench.stats.problemScores(basis, own);
    if (above.some(Number.isNaN)) return { basis };
    let next = 0;
    const places = lanes.map((has) => (has ? next++ : -1));
    return {
      basis, above: places.map((k) => (k < 0 ? null : above[k])),
      bounded: places.map((k) => k >= 0 && bounded[k]),
    };
  };

  const WORDS = {
    evaluations: "evaluations of a success", gap: "gap at the end", validation: "validation loss",
    training: "training loss", anytime: "evaluations over all targets", value: "final f",
  };
  const ratio = (above) => {
    const value = Math.exp(above);
    return value < 9.95 ? value.toFixed(1).replace(/\.0$/, "") : value < 9999 ? String(Math.round(value)) : optbench.number(value, 1);
  };

  optbench.figure("ratios", {
    title: "How far optimizers are from the best one that is shown",
    group: "overview",
    paper: () => "heatmap-gap",
    caption: (_, state) => (state.metric === "gap" ? "Ratio of the geometric mean of final gaps"
      : "Ratio of what a success costs, where a lane reached the target, else of the geometric mean of final gaps") +
      "; nets: of validation losses. ≥: no lane reached the target, so that it is a lower bound. " +
      "–: not run, no ratio, or gaps in different basins, which order nobody.",
    draw(host, data, state) {
      const { problems, names } = optbench.cells.pairs(state);
      if (!problems.length || !names.length) return false;
      const own = problems.map(({ label }) => scores(data, label, names, state));
      const far = names.map((_, k) => optbench.stats.mean(own.map((row) =>
        (row?.above?.[k] === undefined || row.above[k] === null ? MOST : Math.min(row.above[k], MOST)))));
      const order = names.map((_, k) => k).sort((a, b) => far[a] - far[b] || a - b);
      const sorted = order.map((k) => names[k]);
      const at = (row, k) => row?.above?.[k] ?? null;
      optbench.cells.draw(host, {
        problems, names: sorted,
        colours: own.map((row) => order.map((k) => (at(row, k) === null ? null : 1 - Math.min(row.above[k] / MOST, 1)))),
        texts: own.map((row) => order.map((k) => (at(row, k) === null ? "–" : (row.bounded[k] ? "≥" : "") + ratio(row.above[k])))),
        hovers: own.map((row, p) => order.map((k) => {
          const words = at(row, k) === null ? "no ratio"
            : `${row.bounded[k] ? "at least " : ""}${optbench.number(Math.exp(row.above[k]))} times the best: ${WORDS[row.basis]}`;
          return `<b>${optbench.escape(names[k])}</b><br>${optbench.escape(problems[p].label)}<br>${words}`;
        })),
        ticks: [[0, "100×"], [0.5, "10×"], [1, "best"]],
      });
      return true;
    },
  });
})();
