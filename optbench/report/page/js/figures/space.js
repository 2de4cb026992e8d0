"use strict";
// Parallel coordinates: an axis a hyperparameter and one of the score, a line a trial.
(() => {
  const BEST_FIRST = ["#440154", "#31688e", "#35b779", "#b8b8b8"]; // viridis, without its yellow
  let chosen = "";

  const nameOf = (data, state) => {
    const names = (data[state.problem] ?? []).filter((name) => state.optimizers.includes(name));
    return names.includes(chosen) ? chosen : names[0];
  };

  // A scale from 0 to 1: logarithmic where values are positive and span decades, of 1 - v where
  // they are near 1. Where 0 is one choice of a logarithmic scale it stands a step below the least.
  const form = (values) => {
    const positive = values.filter((v) => v > 0);
    const least = Math.min(...positive);
    const most = Math.max(...values);
    if (Math.min(...values) > 0 && most < 1 && most > 0.9) return (v) => -Math.log10(1 - v);
    return positive.length > 1 && most > 20 * least ? (v) => Math.log10(v > 0 ? v : least / 10) : (v) => v;
  };
  const scale = (values) => {
    const finite = values.filter((v) => v !== null);
    const of = form(finite);
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    const [from, to] = [of(low), of(high)];
    return { at: (v) => (v === null ? 1.06 : to > from ? (of(v) - from) / (to - from) : 0.5), low, high };
  };

  optbench.figure("space", {
    title: "Spaces of several hyperparameters",
    group: "problem",
    caption: () => "A line a trial of the tuning, the darkest quarter scored best; black: the tuned trial. " +
      "Above the last axis: trials whose median lane diverged.",
    controls(box, data, state, redraw) {
      const select = document.createElement("select");
      select.setAttribute("aria-label", "Optimizer");
      select.addEventListener("change", () => { chosen = select.value; redraw(); });
      box.append(select);
      optbench.on(() => {
        const names = (data[state.problem] ?? []).filter((name) => state.optimizers.includes(name));
        select.replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name, textContent: name })));
        select.value = nameOf(data, state) ?? "";
        select.hidden = names.length < 2;
      });
    },
    draw(host, data, state) {
      const name = nameOf(data, state);
      if (name === undefined) return false;
      const own = optbench.data.figures.rates[state.problem].pairs[name];
      const columns = [["lr", own.lr], ...Object.entries(own.values), ["score", own.score]];
      const scales = columns.map(([, values]) => scale(values));
      const trials = own.lr.map((_, i) => i).filter((i) => !own.default.includes(i));
      const order = trials.slice().sort((a, b) => (own.score[a] ?? Infinity) - (own.score[b] ?? Infinity));
      const words = (i) => `<b>${optbench.escape(name)}</b>, trial ${own.number[i]}<br>` +
        columns.map(([key, values]) => `${optbench.escape(key)} ${optbench.number(values[i] ?? (key === "score" ? Infinity : null))}`).join("<br>");
      const lines = (which, color, width) => ({
        mode: "lines+markers", line: { color, width }, marker: { size: width + 2, color }, meta: name, optimizer: name,
        x: which.flatMap(() => [...columns.map((_, k) => k), null]),
        y: which.flatMap((i) => [...columns.map(([, values], k) => scales[k].at(values[i])), null]),
        text: which.flatMap((i) => [...columns.map(() => words(i)), null]), hovertemplate: "%{text}<extra></extra>",
      });
      const quarter = Math.ceil(order.length / BEST_FIRST.length);
      const quarters = BEST_FIRST.map((colour, k) => lines(order.slice(k * quarter, (k + 1) * quarter), colour, 1));
      const ends = columns.flatMap((_, k) => [[0, scales[k].low, "top"], [1, scales[k].high, "bottom"]].map(([y, value, yanchor]) => ({
        x: k, y, text: optbench.number(value), showarrow: false, yanchor, yshift: y ? 4 : -4, font: { size: 11, color: optbench.SOFT }, bgcolor: "#fff",
      })));
      optbench.plot(host, [...quarters.reverse(), lines(own.best, "#000000", 3)], {
        height: 380, margin: { l: 40, r: 40, t: 20, b: 40 }, annotations: ends,
        xaxis: optbench.axis({ range: [-0.3, columns.length - 0.7], tickvals: columns.map((_, k) => k), ticktext: columns.map(([key]) => optbench.escape(key)), gridcolor: "#999", showline: false, ticks: "" }),
        yaxis: optbench.axis({ range: [-0.12, 1.16], showgrid: false, showticklabels: false, showline: false, ticks: "" }),
      });
      return true;
    },
    csv(data, state) {
      const name = nameOf(data, state);
      const own = optbench.data.figures.rates[state.problem]?.pairs[name];
      if (!own) return "";
      const columns = { trial: own.number, lr: own.lr, ...own.values, score: own.score };
      const keys = Object.keys(columns);
      return optbench.csv([["optimizer", ...keys], ...own.lr.map((_, i) => [name, ...keys.map((key) => columns[key][i])])]);
    },
  });
})();
