"use strict";
(() => {
  const MOST = Math.log(100); // white from here on
  const PALE = 0.2; // a lower bound is no darker, however low it is

  // What optimizers of a problem cost over the best of them, {above, bounded, basis}, or null.
  const scores = (data, label, names, state) => {
    const lanes = names.map((name) => optbench.lanes(label, name));
    const own = lanes.filter(Boolean);
    if (!own.length) return null;
    const first = optbench.data.pairs[label][names[lanes.findIndex(Boolean)]].basis;
    const gaps = state.metric === "gap" && ["evaluations", "gap"].includes(first);
    const basis = gaps ? "gap" : optbench.stats.commonBasis(first, own, data.final);
    // Where lanes stood at a part of their budget is not kept.
    if (state.budget !== 1 && basis !== "evaluations") return { basis };
    if (!optbench.stats.hasRatio(basis, data.compare.includes(label))) return { basis };
    const { above, bounded } = optbench.stats.problemScores(basis, own);
    if (above.some(Number.isNaN)) return { basis };
    let next = 0;
    const places = lanes.map((has) => (has ? next++ : -1));
    return {
      basis, above: places.map((k) => (k < 0 ? null : above[k])),
      bounded: places.map((k) => k >= 0 && bounded[k]),
    };
  };

  // {problems, names, rows}: scores of each problem, the nearest optimizers first.
  const table = (data, state) => {
    const { problems, names } = optbench.cells.pairs(state);
    const rows = problems.map(({ label }) => scores(data, label, names, state));
    const cut = (row, k) => Math.min(row?.above?.[k] ?? MOST, MOST);
    const far = names.map((_, k) => optbench.stats.mean(rows.map((row) => cut(row, k))));
    const order = names.map((_, k) => k).sort((a, b) => far[a] - far[b] || a - b);
    return {
      problems, names: order.map((k) => names[k]),
      rows: rows.map((row) => ({
        basis: row?.basis, above: order.map((k) => row?.above?.[k] ?? null), bounded: order.map((k) => row?.bounded?.[k] ?? false),
      })),
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

  const shade = (above, bounded) => (above === null ? null : Math.min(1 - Math.min(above / MOST, 1), bounded ? PALE : 1));
  const cell = (above, bounded) => (above === null ? "–" : (bounded ? "≥" : "") + ratio(above));
  const words = ({ basis, above, bounded }, k) => (above[k] === null ? "no ratio"
    : `${bounded[k] ? "at least " : ""}${optbench.number(Math.exp(above[k]))} times the best: ${WORDS[basis]}`);

  optbench.figure("ratios", {
    title: "How far optimizers are from the best one that is shown",
    group: "overview",
    paper: () => "heatmap-gap",
    caption: (_, state) => (state.metric === "gap" ? "Ratio of the geometric mean of final gaps"
      : "Ratio of what a success costs, where a lane reached the target, else of the geometric mean of final gaps") +
      "; nets: of validation losses. ≥: no lane reached the target, so that it is a lower bound, and pale. " +
      "–: not run, no ratio, or gaps in different basins, which order nobody.",
    draw(host, data, state) {
      const { problems, names, rows } = table(data, state);
      if (!problems.length || !names.length) return false;
      optbench.cells.draw(host, {
        problems, names,
        colours: rows.map(({ above, bounded }) => above.map((own, k) => shade(own, bounded[k]))),
        texts: rows.map(({ above, bounded }) => above.map((own, k) => cell(own, bounded[k]))),
        hovers: rows.map((row, p) => names.map((name, k) =>
          `<b>${optbench.escape(name)}</b><br>${optbench.escape(problems[p].label)}<br>${words(row, k)}`)),
        ticks: [[0, "100×"], [0.5, "10×"], [1, "best"]],
      });
      return true;
    },
    csv(data, state) {
      const { problems, names, rows } = table(data, state);
      return optbench.cells.csv({ problems, names, values: rows.map(({ above }) => above.map((own) => (own === null ? null : Math.exp(own)))) });
    },
  });
})();
