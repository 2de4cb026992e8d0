"use strict";
// Names at the ends of lines, and lines in panels beside each other: what several figures share.
optbench.labels = (() => {
  const MOST = 24; // names that fit beside the axes
  const ROW = 15; // pixels of a name
  const TOP = 10;
  const FOOT = 48;
  const NARROW = 560; // pixels of a host

  // Heights that are `ROW` apart and near the wanted ones.
  const spread = (wanted, low, high) => {
    const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
    const at = wanted.slice();
    order.forEach((i, k) => { at[i] = Math.max(at[i], k ? at[order[k - 1]] + ROW : low); });
    [...order].reverse().forEach((i, k, back) => {
      at[i] = Math.min(at[i], k ? at[back[k - 1]] - ROW : high);
    });
    return at;
  };

  // The space of a figure with `count` names beside it.
  const space = (host, count, height = 400) => {
    const narrow = optbench.width(host) < NARROW;
    const tall = Math.max(height, TOP + FOOT + ROW * (Math.min(count, MOST) + 1));
    return { height: tall, inner: tall - TOP - FOOT, margin: { l: 60, r: narrow ? 108 : 190, t: TOP, b: FOOT }, narrow };
  };

  // {shapes, annotations} of names right of the axes, of ends [{name, note, at}] on an axis of
  // `range`, both logarithms where the axis is logarithmic, in a panel of that domain. A note, or
  // none, stands behind its name. Of many the first ones.
  const names = (ends, range, { inner, narrow }, domain = [0, 1]) => {
    const tall = inner * (domain[1] - domain[0]);
    const shown = ends.filter(({ at }) => Number.isFinite(at)).slice(0, MOST);
    const pixel = (at) => tall * Math.min(Math.max((range[1] - at) / (range[1] - range[0]), 0), 1);
    const wanted = shown.map(({ at }) => pixel(at));
    const placed = spread(wanted, 4, tall - 4);
    const paper = (y) => domain[1] - y / inner;
    const common = { xref: "paper", yref: "paper" };
    return {
      shapes: shown.map(({ name }, i) => ({
        ...common, optimizer: name, type: "line", x0: 1, x1: 1.015, y0: paper(wanted[i]), y1: paper(placed[i]),
        line: { color: optbench.style(name).colour, width: 1 },
      })),
      annotations: shown.map(({ name, note = "" }, i) => ({
        ...common, optimizer: name, x: 1.017, y: paper(placed[i]), xanchor: "left", yanchor: "middle", showarrow: false,
        text: optbench.escape(optbench.short(name, (narrow ? 14 : 26) - note.length) + note), hovertext: optbench.escape(name),
        font: { size: 11, color: optbench.style(name).colour },
      })),
    };
  };

  // Domains of `count` panels in rows of at most `across`, the first one top left; `gap` and
  // `above`, room for a title, are pixels.
  const grid = (count, across, width, height, { gap = 14, above = 30 } = {}) => {
    const [columns, rows] = [Math.min(across, count), Math.ceil(count / across)];
    const [w, h] = [(width - gap * (columns - 1)) / columns, height / rows - above];
    return Array.from({ length: count }, (_, k) => {
      const [row, column] = [Math.floor(k / columns), k % columns];
      const bottom = height - row * (h + above) - above - h;
      return {
        x: [column * (w + gap) / width, (column * (w + gap) + w) / width],
        y: [bottom / height, (bottom + h) / height], first: column === 0, lowest: k + columns >= count,
      };
    });
  };
  const suffix = (k) => (k ? String(k + 1) : "");
  const title = (text, { x, y }, more = {}) => ({
    xref: "paper", yref: "paper", x: x[0], y: y[1], xanchor: "left", yanchor: "bottom", showarrow: false,
    text, font: { size: 12, color: optbench.INK }, ...more,
  });

  // Quartiles as an area behind a line; null ends are at `top` and `bottom`.
  const area = (name, { x, low, high }, top, bottom, more = {}) => {
    const at = x.map((_, i) => i);
    return {
      x: [...x, ...x.slice().reverse()],
      y: [...at.map((i) => high[i] ?? top), ...at.reverse().map((i) => low[i] ?? bottom)],
      fill: "toself", fillcolor: optbench.tint(name, 0.12), line: { width: 0 }, mode: "lines",
      hoverinfo: "skip", meta: `${name} band`, optimizer: name, ...more,
    };
  };
  // What a log axis shows of values that start at `start`: a lane at 1e-200, or one that is about to
  // overflow, must not squeeze the others flat. Sixteen decades below are shown, and `rise` times
  // the start above it.
  const around = (start, rise = 100) => ({ floor: start * 1e-16, top: start * rise });
  const extremes = (values) => [
    values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];

  // A category axis of optimizers, from the top, and the margin that their names take.
  const rows = (host, all, more = {}) => {
    const most = optbench.width(host) < NARROW ? 18 : 30;
    return {
      left: 14 + 7.1 * Math.min(most, Math.max(...all.map((name) => name.length))),
      axis: optbench.axis({
        tickvals: all.map((_, i) => i), ticktext: all.map((name) => optbench.escape(optbench.short(name, most))),
        range: [all.length - 0.4, -0.6], ticks: "", fixedrange: true, tickfont: { size: 11 }, ...more,
      }),
    };
  };

  return { space, names, grid, suffix, title, area, around, extremes, rows };
})();
