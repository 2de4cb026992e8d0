"use strict";
(() => {
  const MOST = 1000; // ratios beyond are drawn at the edge
  const MOST_NAMES = 6; // of a caption; more are counted

  // Costs of a success [problem][optimizer] of the problems that have a target, and on how many of
  // these each optimizer was run. Where one ended with an error no lane of its succeeds.
  optbench.costs = (targets, state) => {
    const has = new Set(targets);
    const problems = optbench.problems().filter(({ label }) => has.has(label));
    const names = state.optimizers.filter((name) => problems.some(({ label }) => optbench.lanes(label, name)));
    const failed = (label, name) => (optbench.data.failed[label] ?? []).includes(name);
    const values = problems.map(({ label }) => names.map((name) => {
      const lanes = optbench.lanes(label, name);
      return lanes ? optbench.stats.expected(lanes) : failed(label, name) ? Infinity : NaN;
    }));
    const ran = names.map((_, k) => values.filter((row) => !Number.isNaN(row[k])).length);
    return { problems, names, values, ran };
  };

  // What a caption says of optimizers that were not run on all problems.
  optbench.partlyRun = ({ problems, names, ran }) => {
    const own = names.map((name, k) => [name, ran[k]]).filter(([, count]) => count < problems.length);
    if (!own.length) return "";
    const words = own.slice(0, MOST_NAMES).map(([name, count]) => `${name} on ${count}`).join(", ");
    const more = own.length > MOST_NAMES ? ` and ${own.length - MOST_NAMES} more` : "";
    return ` Not run on all ${problems.length} problems, and judged by their own: ${words}${more}.`;
  };

  // Distributions as steps [{name, ran, at, height, words}], from `first` to `last` on a log axis,
  // over `all` problems.
  optbench.distributions = (host, curves, { first, last, axis, title, all }) => {
    const { space, names } = optbench.labels;
    const sorted = curves.slice().sort((a, b) => (b.height.at(-1) ?? 0) - (a.height.at(-1) ?? 0));
    const own = space(host, curves.length);
    const inside = (at) => at.map((value) => Math.min(value, last));
    const range = [-0.02, 1.02];
    const ends = sorted.map(({ name, ran, at, height }) => {
      const before = at.filter((value) => value <= last).length;
      return { name, note: ran < all ? ` (${ran})` : "", at: before ? height[before - 1] : 0 };
    });
    const partly = (ran) => (ran < all ? `, run on ${ran} of ${all} problems` : "");
    optbench.plot(host, curves.map(({ name, ran, at, height, words }) => ({
      x: [first, ...inside(at), last], y: [0, ...height, height.at(-1) ?? 0], mode: "lines", meta: name, optimizer: name,
      line: { ...optbench.line(name, 1.8), shape: "hv" }, text: ["", ...at.map(words), ""],
      hovertemplate: `<b>${optbench.escape(name)}</b>${partly(ran)}<br>%{y:.0%} %{text}<extra></extra>`,
    })), {
      height: own.height, margin: own.margin, ...names(ends, range, own),
      xaxis: optbench.logAxis(axis, [Math.log10(first), Math.log10(last)], own.narrow ? 4 : 8),
      yaxis: optbench.axis({ title: { text: title }, range, tickformat: ".0%", nticks: 6 }),
    });
  };

  optbench.figure("profiles", {
    title: "Performance profiles",
    group: "overview",
    paper: () => "profiles",
    caption: ({ targets }, state) => "Share of problems on which a success costs at most so many times what it costs the best optimizer that is shown " +
      "(Dolan and Moré 2002). Left edge: how often it is the best one; right: how much it solves. " +
      `Hiding an optimizer moves all others.${optbench.partlyRun(optbench.costs(targets, state))}`,
    draw(host, { targets }, state) {
      const { problems, names, values, ran } = optbench.costs(targets, state);
      if (!problems.length || !names.length) return false;
      const ratios = optbench.stats.performanceRatios(values);
      const areas = optbench.stats.algoperfScores(ratios);
      const finite = ratios.flat().filter(Number.isFinite);
      const last = Math.min(MOST, Math.max(10, ...finite) * 1.05);
      const curves = names.map((name, k) => {
        const [at, height] = optbench.stats.steps(ratios.map((row) => row[k]));
        const words = (ratio) => `of problems within ${optbench.number(ratio)} times the best` +
          `<br>area up to 4 times (AlgoPerf): ${optbench.number(areas[k])}`;
        return { name, ran: ran[k], at, height, words };
      });
      optbench.distributions(host, curves, {
        first: 1, last, axis: "cost of a success over that of the best", title: `share of ${problems.length} problems`, all: problems.length,
      });
      return true;
    },
  });
})();
