"use strict";
(() => {
  const trace = (name, own) => {
    const { colour } = optbench.style(name);
    const best = new Set(own.best);
    const standard = new Set(own.default);
    const several = Object.keys(own.values).length > 0;
    const text = own.lr.map((lr, i) => {
      const values = Object.entries(own.values)
        .map(([key, column]) => `<br>${optbench.escape(key)} ${optbench.number(column[i])}`).join("");
      const reached = own.reached[i] === null ? "" : `<br>${Math.round(100 * own.reached[i])} % of scoring lanes reached the target`;
      return `<b>${optbench.escape(name)}</b>, ${standard.has(i) ? "default" : `trial ${own.number[i]}`}` +
        `${best.has(i) ? ", tuned" : ""}<br>rate ${optbench.number(lr)}${values}` +
        `<br>score ${optbench.number(own.score[i] ?? Infinity)}, ${Math.round(100 * own.diverged[i])} % diverged${reached}`;
    });
    const at = own.lr.map((_, i) => i).filter((i) => !standard.has(i));
    const pick = (column, places) => places.map((i) => column[i]);
    const marks = (places, marker) => ({
      x: pick(own.lr, places), y: pick(own.score, places), mode: "markers", text: pick(text, places),
      hovertemplate: "%{text}<extra></extra>", marker, meta: name,
    });
    return [
      {
        x: pick(own.lr, at), y: pick(own.score, at), text: pick(text, at), meta: name,
        mode: several ? "markers" : "lines+markers", line: optbench.line(name, 1.5),
        marker: { size: several ? 5 : 3.5, color: colour, opacity: several ? 0.55 : 1 },
        hovertemplate: "%{text}<extra></extra>",
      },
      marks(own.default, { symbol: "diamond-open", size: 9, color: colour, line: { width: 1.5 } }),
      marks(own.best, {
        symbol: own.edge ? "triangle-right" : "circle", size: own.edge ? 13 : 11, color: colour,
        line: { width: 1.2, color: "#fff" },
      }),
    ];
  };

  // A row an optimizer below the axes: rates at which the median lane, or some lanes, diverged.
  const strip = (names, pairs) => {
    const lost = names.filter((name) => pairs[name].score.some((v, i) => v === null || pairs[name].diverged[i] > 0));
    return lost.map((name) => {
      const own = pairs[name];
      const at = own.lr.map((_, i) => i).filter((i) => own.score[i] === null || own.diverged[i] > 0);
      return {
        x: at.map((i) => own.lr[i]), y: at.map(() => optbench.escape(optbench.short(name, 18))), yaxis: "y2", mode: "markers",
        marker: {
          symbol: at.map((i) => (own.score[i] === null ? "x-thin" : "circle")), color: optbench.style(name).colour,
          size: at.map((i) => (own.score[i] === null ? 6 : 3)), line: { width: 1.3, color: optbench.style(name).colour },
        },
        text: at.map((i) => `<b>${optbench.escape(name)}</b><br>rate ${optbench.number(own.lr[i])}: ${Math.round(100 * own.diverged[i])} % of tuning lanes diverged`),
        hovertemplate: "%{text}<extra></extra>", meta: `${name} diverged`,
      };
    });
  };

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
      const lost = strip(names, own.pairs);
      const rows = 16 * lost.length;
      const height = 400 + rows;
      const part = lost.length ? (rows + 8) / (height - 60) : 0;
      optbench.plot(host, [...names.flatMap((name) => trace(name, own.pairs[name])), ...lost], {
        height, margin: { l: 64, r: 16, t: 10, b: 50 },
        xaxis: optbench.axis({ type: "log", title: { text: "learning rate" }, exponentformat: "power", dtick: 1, anchor: lost.length ? "y2" : "y" }),
        yaxis: optbench.axis({ type: "log", title: { text: own.title }, exponentformat: "power", nticks: 8, domain: [part + (lost.length ? 0.02 : 0), 1] }),
        ...(lost.length ? { yaxis2: optbench.axis({ type: "category", domain: [0, part], showgrid: false, ticks: "", tickfont: { size: 10 }, autorange: "reversed", title: { text: "" } }) } : {}),
      });
      return true;
    },
  });
})();
