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

  // The largest k for which the k-th value from either end covers the median often enough; 0 where
  // not even the extremes do.
  const ranks = new Map();
  const rank = (n) => {
    if (!ranks.has(n)) {
      let ways = 1; // n over k
      let beyond = 1;
      let k = 0;
      while (k < Math.floor(n / 2) && 1 - (2 * beyond) / 2 ** n >= LEVEL) {
        k += 1;
        ways = (ways * (n - k + 1)) / k;
        beyond += ways;
      }
      ranks.set(n, k);
    }
    return ranks.get(n);
  };

  // [median, low, high]: order statistics, whatever the distribution; no ends of fewer than six.
  const medianInterval = (values) => {
    if (!values.length) return [NaN, NaN, NaN];
    const sorted = ordered(values);
    const n = sorted.length;
    const k = rank(n);
    return k ? [middle(sorted), sorted[k - 1], sorted[n - k]] : [middle(sorted), NaN, NaN];
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
