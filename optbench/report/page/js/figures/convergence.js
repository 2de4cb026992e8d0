"use strict";
(() => {
  const MOST = 24; // names that fit beside the axes
  const ROW = 15; // pixels of a name
  const HEIGHT = 440;
  const TOP = 10;
  const FOOT = 48;

  const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);

  const quartiles = (name, x, low, high, top) => {
    const at = x.map((_, i) => i).filter((i) => low[i] !== null);
    return {
      x: [...at.map((i) => x[i]), ...at.map((i) => x[i]).reverse()],
      y: [...at.map((i) => Math.min(high[i] ?? top, top)), ...at.map((i) => low[i]).reverse()],
      fill: "toself", fillcolor: optbench.tint(name, 0.12), line: { width: 0 }, mode: "lines",
      hoverinfo: "skip", meta: `${name} quartiles`, optimizer: name,
    };
  };

  const words = (name, { x, low, middle, high, lanes, left }) => x.map((spent, i) =>
    `<b>${optbench.escape(name)}</b><br>after ${spent} evaluations<br>` +
    `median ${optbench.number(middle[i] ?? Infinity)}, quartiles ` +
    `${optbench.number(low[i] ?? Infinity)} – ${optbench.number(high[i] ?? Infinity)}<br>` +
    `${lanes} lanes${left[0].length ? `, ${left[0].length} diverged` : ""}`);

  const pieces = (name, band, first, { floor, top, edge }) => {
    // On a log axis the start, at no evaluation, stands before the first record.
    const x = band.x.map((spent) => (spent > 0 ? spent : first / 1.5));
    const [low, middle, high] = [band.low, band.middle, band.high].map((values) =>
      values.map((v) => (v === null ? null : Math.max(v, floor))));
    const shown = [...low, ...middle].filter((v) => v !== null && v <= top);
    return {
      name, left: band.left, last: middle[middle.length - 1], end: x[x.length - 1],
      low: least(shown), high: most(shown),
      band: band.lanes > 1 && !optbench.style(name).stored ? [quartiles(name, x, low, high, edge)] : [],
      curve: {
        x, y: middle.map((v) => (v === null ? null : Math.min(v, edge))), mode: "lines", line: optbench.line(name, optbench.style(name).stored ? 1 : 2), meta: name, optimizer: name, text: words(name, band),
        hovertemplate: "%{text}<extra></extra>",
      },
    };
  };

  // What is shown at most, {floor, top}, and where bands without an end run to, `edge`. Values below
  // 0 have a linear axis, which ends as far above the start as the least value is below it.
  const ends = ({ start, linear }, values) => {
    if (linear) {
      const low = least(values);
      const top = start > low ? 2 * start - low : most(values);
      return { floor: low, top, edge: 2 * top - low }; // farther lines would be too long to be drawn
    }
    const from = start > 0 ? start : most(values);
    const range = optbench.labels.around(from > 0 ? from : 1);
    return { ...range, edge: 100 * range.top };
  };

  // Of a problem at a setting, made once: choosing optimizers picks among them.
  const kept = new Map();
  const everyPiece = (own, label, setting) => {
    const key = JSON.stringify([label, setting]);
    if (!kept.has(key)) {
      const bands = Object.entries(own[setting]);
      // Below 0 a lower quartile may be the least that there is to see; on a log axis it is cut.
      const sides = bands.flatMap(([, { low, middle }]) => (own.linear ? [...low, ...middle] : middle));
      const range = ends(own, sides.filter((v) => v !== null));
      const first = least(bands.map(([, { x }]) => x.find((v) => v > 0) ?? 1));
      const every = bands.map(([name, band]) => [name, pieces(name, band, first, range)]);
      kept.set(key, { first, ...range, pieces: new Map(every) });
    }
    return kept.get(key);
  };

  // What the vertical axis shows, of a logarithmic one the exponents.
  const limits = (shown, { target, linear }, { floor, top }) => {
    if (linear) {
      const [low, high] = [least(shown.map((piece) => piece.low)), most(shown.map((piece) => piece.high))];
      const pad = 0.05 * (high - low) || 1;
      return low <= high ? [low - pad, Math.min(top, high) + pad] : [-1, 1];
    }
    const goal = target === null || target < floor ? [] : [target];
    const low = Math.log10(Math.max(floor, least([...shown.map((piece) => piece.low), ...goal])));
    const high = Math.log10(Math.min(top, most([...shown.map((piece) => piece.high), ...goal])));
    return low <= high ? [Math.min(low, high - 1) - 0.2, high + 0.2] : [-1, 1];
  };

  // Where lanes that diverged were seen last, at the edge if beyond; of all optimizers in one trace.
  const departures = (shown, top) => {
    const points = shown.flatMap(({ name, left: [x, y] }) => x.map((v, i) => [name, v, y[i]]));
    const color = points.map(([name]) => optbench.style(name).colour);
    return points.length ? [{
      x: points.map(([, x]) => x), y: points.map(([, , y]) => Math.min(y, top)), mode: "markers", hoverinfo: "skip",
      marker: { symbol: "x-thin", size: 7, line: { width: 1.5, color } }, meta: "last before diverging",
    }] : [];
  };

  // What is proved of the medians of the optimizers that are shown.
  const bounds = (own, shown, setting) => (setting !== "tuned" ? [] : shown.filter(({ name }) => own.bounds[name]).map(({ name, curve }) => ({
    x: curve.x, y: own.bounds[name], mode: "lines", line: { color: optbench.SOFT, width: 0.8 }, meta: `bound on ${name}`, optimizer: name,
    hovertemplate: `theory: the median of <b>${optbench.escape(name)}</b> is at most %{y:.3g}<extra></extra>`,
  })));

  // Heights of names that do not overlap and are near the ends of their lines.
  const spread = (wanted, low, high) => {
    const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
    const at = wanted.slice();
    order.forEach((i, k) => { at[i] = Math.max(at[i], k ? at[order[k - 1]] + ROW : low); });
    order.reverse().forEach((i, k) => { at[i] = Math.min(at[i], k ? at[order[k - 1]] - ROW : high); });
    return at;
  };

  // A name at the end of each line, or of the best ones that fit, and what leads to it.
  const names = (shown, range, tall, length, linear) => {
    const ends = shown.map(({ name, last }) => {
      const place = last === null ? 0 : (range[1] - (linear ? last : Math.log10(last))) / (range[1] - range[0]);
      return { name, y: tall * Math.min(Math.max(place, 0), 1) };
    }).sort((a, b) => b.y - a.y).slice(0, MOST);
    const at = spread(ends.map(({ y }) => y), 4, tall - 4);
    const paper = (y) => 1 - y / tall;
    return {
      shapes: ends.map(({ name, y }, i) => ({
        optimizer: name, type: "line", xref: "paper", yref: "paper", x0: 1, x1: 1.02, y0: paper(y), y1: paper(at[i]),
        line: { color: optbench.style(name).colour, width: 1 },
      })),
      annotations: ends.map(({ name }, i) => ({
        optimizer: name, xref: "paper", yref: "paper", x: 1.022, y: paper(at[i]), xanchor: "left", yanchor: "middle",
        text: optbench.escape(optbench.short(name, length)), showarrow: false,
        font: { size: 11, color: optbench.style(name).colour },
      })),
    };
  };

  optbench.figure("convergence", {
    title: "Convergence",
    group: "problem",
    paper: (state) => `'problem-${optbench.problem(state.problem).slug}'`,
    caption(data, state) {
      const valued = data[state.problem]?.values ?? [];
      const many = state.optimizers.length > MOST ? `Without bands, and with names of ${MOST}, since there are so many. ` : "";
      return many + "Median over scoring lanes, band: quartiles; a band that runs to the upper edge: a " +
        "quarter of the lanes or more diverged. × where lanes that diverged were seen last." +
        (data[state.problem]?.target ? " Dashed line: the target." : "") +
        (Object.keys(data[state.problem]?.bounds ?? {}).length ? " Thin grey: what theory proves of the medians." : "") +
        (valued.length ? ` ${valued.join(", ")}: evaluations of values alone.` : "") +
        (state.setting === "one for the kind" ? " Curves are kept at the tuned and the default setting." : "");
    },
    draw(host, data, state) {
      const own = data[state.problem];
      if (!own?.[state.setting]) return false;
      const all = everyPiece(own, state.problem, state.setting);
      const shown = state.optimizers.filter((name) => all.pieces.has(name)).map((name) => all.pieces.get(name));
      if (!shown.length) return false;
      const narrow = optbench.width(host) < 560;
      const range = limits(shown, own, all);
      const height = Math.max(HEIGHT, TOP + FOOT + ROW * (Math.min(shown.length, MOST) + 1));
      const { shapes, annotations } = names(shown, range, height - TOP - FOOT, narrow ? 14 : 26, own.linear);
      const target = own.target === null ? [] : [{
        type: "line", xref: "paper", x0: 0, x1: 1, y0: own.target, y1: own.target,
        line: { color: optbench.SOFT, width: 1, dash: "dash" },
      }];
      const spent = [all.first / 1.6, most(shown.map(({ end }) => end)) * 1.02].map(Math.log10);
      optbench.plot(host, [
        ...(shown.length > MOST ? [] : shown.flatMap(({ band }) => band)), ...shown.map(({ curve }) => curve), ...departures(shown, own.linear ? range[1] : 10 ** range[1]),
        ...bounds(own, shown, state.setting),
      ], {
        height, margin: { l: 64, r: narrow ? 108 : 190, t: TOP, b: FOOT }, annotations,
        xaxis: optbench.logAxis("gradient evaluations", spent, narrow ? 4 : 8),
        yaxis: own.linear ? optbench.axis({ title: { text: own.title }, range }) : optbench.logAxis(own.title, range),
        shapes: [...target, ...shapes],
      });
      return true;
    },
  });
})();
