"use strict";
// Figures of merit that depend on which optimizers and problems are shown, computed anew for these.
// Pure functions on plain arrays; a test holds each against its twin in Python, named beside it.
// A cost is Infinity where nothing was solved and NaN where an optimizer was not run.
optbench.stats = (() => {
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const mean = (values) => sum(values) / values.length;
  const ran = (values) => values.filter((value) => !Number.isNaN(value));
  const columns = (rows) => (rows.length ? rows[0].map((_, k) => rows.map((row) => row[k])) : []);

  // The middle of values, that of an even number the mean of the middle two: `intervals.median`.
  const median = (values) => {
    const sorted = values.slice().sort((a, b) => a - b);
    const [left, right] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
    return left === right ? left : left / 2 + right / 2;
  };

  // What a success costs, of lanes {cost, reached}: `running_time.expected_evaluations`.
  const expected = ({ cost, reached }) => sum(cost) / sum(reached);

  // ------------------------------------------------------------------------------------- profiles

  // r[problem][optimizer] of costs of that shape: `performance.performance_ratios`.
  const performanceRatios = (costs) => costs.map((row) => {
    const best = ran(row).reduce((least, value) => Math.min(least, value), Infinity);
    return row.map((value) => (value === Infinity ? Infinity : value / (best === Infinity ? 1 : best)));
  });

  // The area under each profile for ratios from 1 to `most`: `performance.algoperf_scores`.
  const algoperfScores = (ratios, most = 4) => columns(ratios).map((column) =>
    mean(ran(column).map((ratio) => (most - Math.min(ratio, most)) / (most - 1))));

  // Costs in units of dimension + 1: `data_profiles.simplex_gradients`.
  const simplexGradients = (costs, dims) => costs.map((row, p) => row.map((value) => value / (dims[p] + 1)));

  // Where the distribution of values jumps and its height from there on, [at, height]; Infinity
  // counts and makes no jump, NaN does not count: `steps.steps`.
  const steps = (values) => {
    const counted = ran(values);
    const finite = counted.filter(Number.isFinite).sort((a, b) => a - b);
    const last = finite.map((_, i) => i).filter((i) => finite[i] !== finite[i + 1]);
    return [last.map((i) => finite[i]), last.map((i) => (i + 1) / counted.length)];
  };

  // The share of (target, lane) met at each point, of problems [{count, met, last}]: from the point
  // `last` on, that of the budget, a problem meets no more: the sum of the frame "runtimes".
  const runtimeShares = (problems, points) => {
    const all = sum(problems.map(({ count }) => count));
    return Array.from({ length: points }, (_, i) =>
      sum(problems.map(({ met, last }) => met[Math.min(i, last)] ?? 0)) / all);
  };

  // ---------------------------------------------------------------------------------------- ranks

  // 1 for the least, ties share the mean of their ranks: `ranks.ranks` of one row.
  const ranks = (values) => values.map((value) => {
    const before = values.filter((other) => other < value).length;
    return before + (values.filter((other) => other === value).length + 1) / 2;
  });

  // The mean rank over the problems of each family [family][optimizer]: `merit_table.family_ranks`.
  const familyRanks = (costs, families) => {
    const own = costs.map(ranks);
    return [...new Set(families)].map((family) =>
      columns(own.filter((_, p) => families[p] === family)).map(mean));
  };

  // ln of the gamma function, by Stirling's series from 10 on.
  const logGamma = (x) => {
    if (x < 10) return logGamma(x + 1) - Math.log(x);
    const y = 1 / (x * x);
    return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 +
      (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - y * 691 / 360360))))) / x;
  };

  // The chance that chi-squared with `free` degrees of freedom is larger: scipy.stats.chi2.sf. The
  // series of the lower gamma function, or the continued fraction of the upper one, by size.
  const chi2Above = (value, free) => {
    const [a, x] = [free / 2, value / 2];
    if (x <= 0) return 1;
    const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
    if (x < a + 1) {
      let term = 1 / a;
      let total = term;
      for (let n = 1; term > total * 1e-17; n += 1) total += term *= x / (a + n);
      return 1 - scale * total;
    }
    let b = x + 1 - a;
    let c = Infinity;
    let d = 1 / b;
    let fraction = d;
    for (let n = 1; n < 1000; n += 1) {
      b += 2;
      d = 1 / (b - n * (n - a) * d);
      c = b - n * (n - a) / c;
      fraction *= c * d;
      if (Math.abs(c * d - 1) < 1e-16) break;
    }
    return scale * fraction;
  };

  // Friedman's test and Nemenyi's difference of values [block][optimizer], given the 95 % point of
  // the studentized range of so many optimizers: `ranks.friedman`. null where all blocks tie.
  const friedman = (values, range) => {
    const own = values.map(ranks);
    const [n, k] = [own.length, own[0].length];
    const middle = (k + 1) / 2;
    const spread = sum(own.flat().map((rank) => (rank - middle) ** 2));
    if (spread === 0) return null;
    const meanRanks = columns(own).map(mean);
    const between = n * sum(meanRanks.map((rank) => (rank - middle) ** 2));
    const statistic = (k - 1) * n * between / spread;
    return {
      meanRanks, statistic, p: chi2Above(statistic, k - 1),
      difference: range / Math.SQRT2 * Math.sqrt(k * (k + 1) / (6 * n)),
    };
  };

  // ----------------------------------------------------------------------------------- objectives

  // ln of the evaluations of one success, none counting as one: `problem_objectives.bounded_logs`.
  const boundedLog = ({ cost, reached }) => Math.log(sum(cost)) - Math.log(Math.max(sum(reached), 1));

  // ln of the objective of the lanes of a trial on a basis: `objective.log_objectives`.
  const logObjective = (basis, lanes) => {
    if (basis === "evaluations") return boundedLog(lanes);
    if (basis === "gap") return Math.LN10 * mean(lanes.log_gap.map((value) => value ?? NaN));
    if (basis === "anytime") return mean(lanes.grid_log_cost ?? []);
    const values = ((basis === "training" ? lanes.training : lanes.value) ?? []).map((value) => value ?? Infinity);
    return basis === "value" ? median(values) : Math.log(median(values));
  };

  // What optimizers are compared by on a problem; evaluations as soon as one lane of one of them
  // reached the target: `problem_objectives.compared_by`.
  const commonBasis = (basis, own, final = false) => {
    if (final || !["evaluations", "gap"].includes(basis)) return basis;
    return own.some(({ reached }) => sum(reached) > 0) ? "evaluations" : "gap";
  };

  // Whether a ratio is one of optimizers: values have none, and gaps in different basins order
  // nobody; `compare` says whether gaps do there: `basins.gaps_compare`.
  const hasRatio = (basis, compare) => basis !== "value" && (basis !== "gap" || compare);

  // {above, bounded}: ln of the ratio of each objective to the best one, and who has no success, so
  // that it is a lower bound: `problem_scores.problem_scores`.
  const problemScores = (basis, own) => {
    const logs = own.map((lanes) => logObjective(basis, lanes));
    const best = Math.min(...logs);
    return {
      above: logs.map((value) => (value === best ? 0 : value - best)),
      bounded: own.map(({ reached }) => basis === "evaluations" && sum(reached) === 0),
    };
  };

  // 1 for the least and 0 for the greatest value, equal ones share the better place:
  // `overview.ranks` of one row.
  const places = (values) => {
    const present = ran(values);
    return values.map((value) => (Number.isNaN(value) ? NaN :
      1 - present.filter((other) => other < value).length / Math.max(1, present.length - 1)));
  };

  return {
    sum, mean, median, expected, performanceRatios, algoperfScores, simplexGradients, steps, runtimeShares, ranks,
    familyRanks, chi2Above, friedman, logObjective, commonBasis, hasRatio, problemScores, places,
  };
})();
