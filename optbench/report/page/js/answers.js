"use strict";
// The answers of the first screen, computed anew where optimizers are hidden or budgets are cut.
(() => {
  const { number, state } = optbench;

  // What `kindScores` takes of a problem at a setting, or nothing where it has no ratio.
  const problemOf = ({ label, family }, setting) => {
    const names = state.optimizers.filter((name) => optbench.lanes(label, name, setting));
    if (!names.length) return [];
    const own = names.map((name) => optbench.lanes(label, name, setting));
    const { basis: first } = optbench.data.pairs[label][names[0]];
    const { compare, final } = optbench.data.figures.ratios;
    const basis = optbench.stats.commonBasis(first, own, final);
    if (state.budget !== 1 && basis !== "evaluations") return [];
    if (!optbench.stats.hasRatio(basis, compare.includes(label))) return [];
    return [{ family, names, ...optbench.stats.problemScores(basis, own) }];
  };
  const scores = (kind, setting) => optbench.kindScores(optbench.data.problems
    .filter((own) => own.kind_of === kind).flatMap((own) => problemOf(own, setting)));

  const words = ({ name, score, bounded }) =>
    `${name}${score > 1.005 ? ` ${bounded ? "at least " : ""}${number(score)}x` : ""}`;
  const MOST = 3; // optimizers that a cell names
  const content = (own) => {
    if (!own.length) return ["–"];
    const best = Object.assign(document.createElement("b"), { textContent: words(own[0]) });
    const rest = own.slice(1, MOST).map((each) => Object.assign(document.createElement("span"), {
      className: "note", textContent: `then ${words(each)}`,
    }));
    return [best, ...rest.flatMap((each) => [document.createElement("br"), each])];
  };

  const cells = [...document.querySelectorAll("#answer-rows td")].map((cell) => ({
    cell, kind: cell.closest("tr").dataset.kind, setting: cell.dataset.head, stored: [...cell.childNodes],
  }));
  let anew = false;
  if (cells.length) optbench.on(() => {
    const every = optbench.data.optimizers.filter(({ stored }) => !stored).map(({ name }) => name);
    const whole = state.budget === 1 && every.every((name) => state.optimizers.includes(name));
    if (whole && !anew) return;
    anew = !whole;
    cells.forEach(({ cell, kind, setting, stored }) =>
      cell.replaceChildren(...(whole ? stored : content(scores(kind, setting)))));
    document.getElementById("answers-anew").hidden = whole;
  });
  optbench.answers = { scores };
})();
