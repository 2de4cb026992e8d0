"use strict";
(() => {
  // Of the problems that are shown: who was run on which, and on how many.
  const shown = ({ settings }, state) => {
    const own = settings[state.setting] ?? {};
    const problems = optbench.problems().filter(({ label }) => own[label]);
    const names = state.optimizers.filter((name) => problems.some(({ label }) => own[label][name]));
    const ran = names.map((name) => problems.filter(({ label }) => own[label][name]).length);
    return { own, problems, names, ran };
  };

  optbench.figure("ecdf", {
    title: "Runtime distributions over all targets",
    group: "overview",
    paper: () => "runtimes",
    caption: (data, state) => "Share of (target, lane) met within so many evaluations a dimension, over all targets of the grids of the problems that are shown " +
      `(COCO's runtime ECDF). Every lane's whole way counts, not the asked target alone.${optbench.partlyRun(shown(data, state))}`,
    draw(host, data, state) {
      const { own, problems, names, ran } = shown(data, state);
      if (!names.length) return false;
      const { x } = data;
      // The point up to which a part of a problem's budget reaches.
      const last = problems.map(({ budget, dim }) =>
        (state.budget === 1 ? x.length - 1 : x.findLastIndex((at) => at <= state.budget * budget / dim)));
      const curves = names.map((name, k) => {
        const pairs = problems.map(({ label }, p) => ({ pair: own[label][name], last: last[p] })).filter(({ pair }) => pair);
        const height = optbench.stats.runtimeShares(pairs.map(({ pair: [count, met], last: end }) => ({ count, met, last: end })), x.length);
        return { name, ran: ran[k], at: x, height, words: (at) => `of targets within ${optbench.number(at)} evaluations a dimension` };
      });
      optbench.distributions(host, curves, {
        first: x[0] / 1.1, last: x.at(-1) * 1.02, axis: "evaluations / dimension",
        title: `share of targets on ${problems.length} problems`, all: problems.length,
      });
      return true;
    },
  });
})();
