"use strict";
(() => {
  const ROW = 24;
  const LEAST = 4; // per cent of a bar that is wide enough for a number

  const totals = ({ settings, looks }, state) => {
    const own = settings[state.setting] ?? {};
    const problems = optbench.problems().filter(({ label }) => own[label]);
    return state.optimizers.map((name) => {
      const pairs = problems.filter(({ label }) => own[label][name]).map(({ label }) => [label, own[label][name]]);
      const counts = looks.map((_, k) => optbench.stats.sum(pairs.map(([, [of]]) => of[k])));
      return { name, counts, lanes: optbench.stats.sum(counts), pairs };
    }).filter(({ lanes }) => lanes > 0);
  };
  // Where an ending is the commonest: the problem with most lanes, and the words about one of them.
  const example = (pairs, k, words) => {
    const [label, [, evidence]] = pairs.reduce((a, b) => (b[1][0][k] > a[1][0][k] ? b : a));
    const part = evidence.split("; ").find((text) => text.startsWith(`${words}:`));
    return `most on ${optbench.escape(label)}${part ? `<br>${optbench.escape(part)}` : ""}`;
  };

  optbench.figure("endings", {
    title: "How scoring lanes ended, and why they failed",
    group: "overview",
    paper: () => "statuses",
    caption: (_, state) => "Most successful first; the number of lanes on the right. Lanes of the whole budget." +
      (state.setting === "one for the kind" ? " Reasons are kept of the tuned and the default setting alone." : ""),
    draw(host, data, state) {
      const rows = totals(data, state);
      if (!rows.length) return false;
      const share = ({ counts, lanes }, k) => 100 * counts[k] / lanes;
      rows.sort((a, b) => share(b, 0) - share(a, 0));
      const narrow = optbench.width(host) < 560;
      const shown = data.looks.map((look, k) => ({ ...look, k })).filter(({ k }) => rows.some(({ counts }) => counts[k]));
      const { left, axis } = optbench.labels.rows(host, rows.map(({ name }) => name), { showgrid: false });
      const lines = Math.ceil(shown.reduce((total, { words }) => total + 44 + 6.6 * words.length, 0) / (optbench.width(host) - 20));
      const head = 14 + 20 * (lines + (narrow ? 1 : 0));
      const height = head + ROW * rows.length + 44;
      optbench.plot(host, shown.map(({ words, colour, ink, hatch, k }) => ({
        type: "bar", orientation: "h", name: words, meta: words, y: rows.map((_, i) => i), x: rows.map((row) => share(row, k)),
        marker: { color: colour, line: { color: "#fff", width: 1 }, pattern: { shape: hatch, bgcolor: colour, fgcolor: hatch === "." ? "#999999" : "#ffffff", size: 6, solidity: 0.3 } },
        text: rows.map((row) => (share(row, k) >= (narrow ? 2 : 1) * LEAST && hatch !== "/" ? String(Math.round(share(row, k))) : "")),
        textposition: "inside", insidetextanchor: "middle", textangle: 0, insidetextfont: { color: ink, size: 11 },
        customdata: rows.map((row) => `<b>${optbench.escape(row.name)}</b><br>${words}: ${row.counts[k]} of ${row.lanes} lanes (${share(row, k).toFixed(1)} %)` +
          (row.counts[k] && k > 1 ? `<br>${example(row.pairs, k, words)}` : "")),
        hovertemplate: "%{customdata}<extra></extra>",
      })), {
        barmode: "stack", bargap: 0.22, height, showlegend: true, margin: { l: left, r: 64, t: head, b: 40 }, yaxis: axis,
        legend: { orientation: "h", x: 0, xanchor: "left", xref: "container", y: 1, yref: "container", yanchor: "top", traceorder: "normal", itemclick: false, itemdoubleclick: false, font: { size: 11 } },
        xaxis: optbench.axis({ title: { text: "share of scoring lanes (%)" }, range: [0, 100] }),
        annotations: rows.map(({ lanes }, i) => ({
          xref: "paper", x: 1, y: i, xanchor: "left", xshift: 6, text: `n = ${lanes}`, showarrow: false, font: { size: 11, color: optbench.SOFT },
        })),
      });
      return true;
    },
    csv(data, state) {
      return optbench.csv([["optimizer", ...data.looks.map(({ words }) => words)],
        ...totals(data, state).map(({ name, counts }) => [name, ...counts])]);
    },
  });
})();
