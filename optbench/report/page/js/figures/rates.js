"use strict";
(() => {
  const RISE = 10; // times the start's value: rates beyond are too large, however much
  const words = (name, own, i) => {
    const values = Object.entries(own.values)
      .map(([key, column]) => `<br>${optbench.escape(key)} ${optbench.number(column[i])}`).join("");
    const trial = own.default.includes(i) ? "default" : `trial ${own.number[i]}`;
    const reached = own.reached[i] === null ? ""
      : `<br>${Math.round(100 * own.reached[i])} % of scoring lanes reached the target`;
    return `<b>${optbench.escape(name)}</b>, ${trial}${own.best.includes(i) ? ", tuned" : ""}` +
      `<br>rate ${optbench.number(own.lr[i])}${values}<br>score ${optbench.number(own.score[i] ?? Infinity)}, ` +
      `${Math.round(100 * own.diverged[i])} % of tuning lanes diverged${reached}`;
  };
  const colour = (name) => optbench.style(name).colour;

  // A line of a grid of rates; points where trials differ in other values too.
  const scores = (name, own, { low, high, linear }) => {
    const at = own.lr.map((_, i) => i).filter((i) => !own.default.includes(i));
    const farthest = linear ? 2 * high - low : Infinity; // longer lines could not be drawn
    const several = Object.keys(own.values).length > 0;
    return {
      x: at.map((i) => own.lr[i]), y: at.map((i) => (own.score[i] === null ? null : Math.min(Math.max(own.score[i], low), farthest))), meta: name, optimizer: name,
      text: at.map((i) => words(name, own, i)), hovertemplate: "%{text}<extra></extra>",
      mode: several ? "markers" : "lines+markers", line: optbench.line(name, 1.5),
      marker: { size: several ? 5 : 3.5, color: colour(name), opacity: several ? 0.55 : 1 },
    };
  };

  // What the vertical axis shows, and whether scores are beyond: rates that nearly diverge have
  // scores far above that of the start. Scores below 0 have a linear axis, which ends as far above
  // the start as the least score is below it.
  const limits = (state, names, pairs) => {
    const every = names.flatMap((name) => pairs[name].score).filter((v) => v !== null);
    const linear = every.some((v) => v < 0);
    const finite = linear ? every : every.filter((v) => v > 0);
    if (!finite.length) return { low: 0.1, high: 10, above: false, linear };
    const [least, most] = optbench.labels.extremes(finite);
    const start = optbench.data.figures.convergence?.[state.problem]?.start;
    if (linear) {
      const high = start > least ? Math.min(most, 2 * start - least) : most;
      return { low: least, high, above: most > high, linear };
    }
    const { floor, top } = optbench.labels.around(start > 0 ? start : most, RISE);
    const high = Math.max(Math.min(most, top), least);
    return { low: Math.min(Math.max(least, floor), high), high, above: most > top, linear };
  };
  const axis = (title, { low, high, linear }, more) => {
    const pad = 0.05 * (high - low) || 1;
    return linear ? optbench.axis({ title: { text: title }, range: [low - pad, high + pad], ...more })
      : optbench.logAxis(title, [Math.log10(low) - 0.3, Math.log10(high) + 0.3], 8, more);
  };
  const cut = ({ above, linear }) => {
    if (!above) return "";
    return linear ? " Cut off: scores farther above the start than the best is below it."
      : ` Cut off: scores above ${RISE} times the value at the start.`;
  };

  // Some trials of all optimizers in one trace: plotly's time goes by traces.
  const marks = (meta, points, y, marker) => ({
    x: points.map(({ own, i }) => own.lr[i]), y: points.map(y), meta,
    text: points.map(({ name, own, i }) => words(name, own, i)), hovertemplate: "%{text}<extra></extra>",
    mode: "markers", marker: { color: points.map(({ name }) => colour(name)), ...marker },
  });

  // At which edge of its grid a rate is.
  const isHigh = ({ lr, default: defaults }, i) => lr[i] >= optbench.stats.median(lr.filter((_, k) => !defaults.includes(k)));

  // A row an optimizer below the axes: rates at which the median lane, or some lanes, diverged.
  const strip = (points, rows) => ({
    ...marks("diverged", points, ({ name }) => rows.indexOf(name), {
      symbol: points.map(({ own, i }) => (own.score[i] === null ? "x-thin" : "circle")),
      size: points.map(({ own, i }) => (own.score[i] === null ? 6 : 3)),
      line: { width: 1.3, color: points.map(({ name }) => colour(name)) },
    }),
    yaxis: "y2",
  });

  optbench.figure("rates", {
    title: "Learning rates",
    group: "problem",
    paper: (state) => `'problem-${optbench.problem(state.problem).slug}'`,
    caption(data, state) {
      const pairs = data[state.problem]?.pairs ?? {};
      const names = state.optimizers.filter((name) => pairs[name]);
      return "What each trial scored in tuning. Large dot: the tuned trial, a triangle where its rate " +
        "met the edge of the grid; open diamond: the default setting. Below: × the median lane diverged, · some did." +
        cut(limits(state, names, pairs));
    },
    draw(host, data, state) {
      const own = data[state.problem];
      const names = own ? state.optimizers.filter((name) => own.pairs[name]) : [];
      if (!names.length) return false;
      const points = (pick) => names.flatMap((name) => pick(own.pairs[name]).map((i) => ({ name, own: own.pairs[name], i })));
      const every = ({ lr }) => lr.map((_, i) => i);
      const lost = points((pair) => every(pair).filter((i) => pair.score[i] === null || pair.diverged[i] > 0));
      const tuned = points(({ best }) => best);
      const values = points(every);
      const decades = (numbers) => [Math.min(...numbers), Math.max(...numbers)].map(Math.log10);
      const rates = decades(values.map(({ own: { lr }, i }) => lr[i]));
      const range = limits(state, names, own.pairs);
      const atEdge = ({ own: { score }, i }) => (score[i] === null ? null : Math.min(Math.max(score[i], range.low), range.high));
      const rows = names.filter((name) => lost.some((point) => point.name === name));
      const tall = 15 * rows.length;
      const height = 400 + tall;
      const part = rows.length ? tall / (height - 60) : 0;
      const narrow = optbench.width(host) < 560;
      optbench.plot(host, [
        ...names.map((name) => scores(name, own.pairs[name], range)),
        marks("default", points((pair) => pair.default), atEdge, { symbol: "diamond-open", size: 9, line: { width: 1.5 } }),
        marks("tuned", tuned, atEdge, {
          symbol: tuned.map(({ own: pair, i }) => (!pair.edge ? "circle" : isHigh(pair, i) ? "triangle-right" : "triangle-left")), size: 11,
          line: { width: 1.2, color: "#fff" },
        }),
        ...(rows.length ? [strip(lost, rows)] : []),
      ], {
        height, margin: { l: narrow ? 96 : 150, r: 16, t: 10, b: 50 },
        xaxis: optbench.logAxis("learning rate", [rates[0] - 0.15, rates[1] + 0.15], narrow ? 5 : 12, { anchor: rows.length ? "y2" : "y" }),
        yaxis: axis(own.title, range, { domain: [part + (rows.length ? 0.03 : 0), 1] }),
        ...(rows.length ? { yaxis2: optbench.axis({
          domain: [0, part], range: [rows.length - 0.4, -0.6], showgrid: false, ticks: "", tickfont: { size: 10 },
          tickvals: rows.map((_, i) => i), ticktext: rows.map((name) => optbench.escape(optbench.short(name, narrow ? 13 : 22))),
        }) } : {}),
      });
      return true;
    },
  });
})();
