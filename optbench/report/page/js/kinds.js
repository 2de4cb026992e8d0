"use strict";
// The score of each optimizer on problems of a kind: report/kinds/kind_table.py in JavaScript.
//
// `problems` are {family, names, above, bounded}: what `stats.problemScores` says of the optimizers
// that were run on a problem. Returned are {name, score, bounded}, the best first: geometric means
// over families of what they cost over the best; of optimizers that were run on all problems.
optbench.kindScores = (problems) => {
  const families = new Map();
  problems.forEach((own) => families.set(own.family, [...(families.get(own.family) ?? []), own]));
  const every = [...new Set(problems.flatMap(({ names }) => names))];
  const everywhere = every.filter((name) => problems.every(({ names }) => names.includes(name)));
  const { mean } = optbench.stats;
  return everywhere.map((name) => {
    const of = (key) => [...families.values()].map((group) =>
      group.map((own) => own[key][own.names.indexOf(name)]));
    return {
      name, score: Math.exp(mean(of("above").map(mean))), bounded: of("bounded").flat().some(Boolean),
    };
  }).sort((a, b) => a.score - b.score);
};
