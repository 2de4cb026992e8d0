"use strict";
// Medians and intervals as the tables have them: report/statistics/intervals.py in JavaScript.
// Infinities are values like others, so that a failure counts as the worst.
optbench.intervals = (() => {
  const Z = 1.959963984540054; // of the normal distribution, at 97.5 %
  const LEVEL = 0.95;
  const ordered = (values) => Float64Array.from(values).sort();

  const middle = (sorted) => {
    const n = sorted.length;
    const [left, right] = [sorted[Math.floor((n - 1) / 2)], sorted[Math.floor(n / 2)]];
    return left === right ? left : left / 2 + right / 2;
  };
  const median = (values) => (values.length ? middle(ordered(values)) : NaN);

  // The largest k for which the k-th value from either end covers the median often enough.
  const ranks = new Map();
  const rank = (n) => {
    if (!ranks.has(n)) {
      let ways = 1; // n over k
      let sum = 1;
      let k = 1;
      for (; k < n / 2; k += 1) {
        ways = (ways * (n - k + 1)) / k;
        sum += ways;
        if (1 - (2 * sum) / 2 ** n < LEVEL) break;
      }
      ranks.set(n, k);
    }
    return ranks.get(n);
  };

  // [median, low, high]: order statistics, whatever the distribution; NaN of fewer than two.
  const medianInterval = (values) => {
    const sorted = ordered(values);
    const n = sorted.length;
    if (n < 2) return [n ? sorted[0] : NaN, NaN, NaN];
    const k = rank(n);
    return [middle(sorted), sorted[k - 1], sorted[n - k]];
  };

  // [share, low, high] of a proportion (Wilson 1927).
  const wilson = (successes, n) => {
    if (!n) return [NaN, NaN, NaN];
    const share = successes / n;
    const scale = 1 + (Z * Z) / n;
    const centre = (share + (Z * Z) / (2 * n)) / scale;
    const half = (Z * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n))) / scale;
    return [share, Math.max(0, centre - half), Math.min(1, centre + half)];
  };

  return { median, medianInterval, wilson };
})();
