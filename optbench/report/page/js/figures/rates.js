"use strict";
(() => {
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
  const scores = (name, own) => {
    const at = own.lr.map((_, i) => i).filter((i) => !own.default.includes(i));
    const several = Object.keys(own.values).length > 0;
    return {
      x: at.map((i) => own.lr[i]), y: at.map((i) => own.score[i]), meta: name, optimizer: name,
      text: at.map((i) => words(name, own, i)), hovertemplate: "%{text}<extra></extra>",
      mode: several ? "markers" : "lines+markers", line: optbench.line(name, 1.5),
      marker: { size: several ? 5 : 3.5, color: colour(name), opacity: several ? 0.55 : 1 },
    };
  };

  // Some trials of all optimizers in one trace: plotly's time goes by traces.
  const marks = (meta, points, marker) => ({
    x: points.map(({ own, i }) => own.lr[i]), y: points.map(({ own, i }) => own.score[i]), meta,
    text: points.map(({ name, own, i }) => words(name, own, i)), hovertemplate: "%{text}<extra></extra>",
    mode: "markers", marker: { color: points.map(({ name }) => colour(name)), ...marker },
  });

  // A row an optimizer below the axes: rates at which the median lane, or some lanes, diverged.
  const strip = (points, rows) => ({
    ...marks("diverged", points, {
      symbol: points.map(({ own, i }) => (own.score[i] === null ? "x-thin" : "circle")),
      size: points.map(({ own, i }) => (own.score[i] === null ? 6 : 3)),
      line: { width: 1.3, color: points.map(({ name }) => colour(name)) },
    }),
    y: points.map(({ name }) => rows.indexOf(name)), yaxis: "y2",
  });

  optbench.figure("rates", {
    title: "Learning rates",
    group: "problem",
    paper: (state) => `'problem-${optbench.problem(state.problem).slug}'`,
    caption: () => "What each trial scored in tuning. Large dot: the tuned trial, a triangle where its rate " +
      "met the edge of the grid; open diamond: the default setting. Below: × the median lane diverged, · some did.",
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
      const finite = values.map(({ own: { score }, i }) => score[i]).filter((v) => v > 0);
      const [low, high] = finite.length ? decades(finite) : [-1, 1];
      const rows = names.filter((name) => lost.some((point) => point.name === name));
      const tall = 15 * rows.length;
      const height = 400 + tall;
      const part = rows.length ? tall / (height - 60) : 0;
      const narrow = optbench.width(host) < 560;
      optbench.plot(host, [
        ...names.map((name) => scores(name, own.pairs[name])),
        marks("default", points((pair) => pair.default), { symbol: "diamond-open", size: 9, line: { width: 1.5 } }),
        marks("tuned", tuned, {
          symbol: tuned.map(({ own: { edge } }) => (edge ? "triangle-right" : "circle")), size: 11,
          line: { width: 1.2, color: "#fff" },
        }),
        ...(rows.length ? [strip(lost, rows)] : []),
      ], {
        height, margin: { l: narrow ? 96 : 150, r: 16, t: 10, b: 50 },
        xaxis: optbench.logAxis("learning rate", [rates[0] - 0.15, rates[1] + 0.15], narrow ? 5 : 12, { anchor: rows.length ? "y2" : "y" }),
        // Sixteen decades below the worst: a trial at 1e-200 must not squeeze the others flat.
        yaxis: optbench.logAxis(own.title, [Math.max(low, Math.min(high, 2) - 16) - 0.3, high + 0.3], 8, { domain: [part + (rows.length ? 0.03 : 0), 1] }),
        ...(rows.length ? { yaxis2: optbench.axis({
          domain: [0, part], range: [rows.length - 0.4, -0.6], showgrid: false, ticks: "", tickfont: { size: 10 },
          tickvals: rows.map((_, i) => i), ticktext: rows.map((name) => optbench.escape(optbench.short(name, narrow ? 13 : 22))),
        }) } : {}),
      });
      return true;
    },
  });
})();
