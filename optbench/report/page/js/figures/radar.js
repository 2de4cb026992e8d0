"use strict";
(() => {
  const { escape } = optbench;
  let chosen = null;

  const named = (state) => (state.optimizers.includes(chosen) ? chosen : state.optimizers[0]);
  const share = ({ most }, ladder, level) => level / most[ladder];

  // The ladders that an optimizer was run on, and what it holds there at a way to set it.
  const climbs = (data, name, way) => Object.keys(data.ladders)
    .filter((ladder) => data.ladders[ladder][name]?.[way])
    .map((ladder) => ({ ladder, own: data.ladders[ladder][name][way] }));

  // The median of the field on a ladder, where levels are tuned for each.
  const field = (data, ladder) => {
    const held = data.field.map((name) => data.ladders[ladder][name]?.[data.settings[0]]?.held[0])
      .filter((level) => level !== undefined);
    return held.length ? optbench.stats.median(held) : 0;
  };

  const broken = (ladder) => escape(ladder).replaceAll("_", "<br>"); // or neighbours would meet
  const closed = (values) => [...values, values[0]];
  const ring = (rows, radius, more) => ({
    type: "scatterpolar", theta: closed(rows.map(({ ladder }) => broken(ladder))), r: closed(rows.map(radius)),
    mode: "lines", hoverinfo: "skip", ...more,
  });

  optbench.figure("radar", {
    title: "What breaks one optimizer",
    group: "overview",
    paper: () => "'radar-*'",
    caption: () => "Distance from the middle: the share of a difficulty's levels that is held. Filled: tuned per level, with its 95 % interval; dashed: one rate for all levels; grey: the median of the field, tuned per level.",
    controls(host, data, state, redraw) {
      const select = document.createElement("select");
      for (const { name, stored } of optbench.data.optimizers) if (!stored) select.append(new Option(name, name));
      select.addEventListener("change", () => { chosen = select.value; redraw(); });
      const label = document.createElement("label");
      label.append("optimizer ", select);
      host.append(label);
      optbench.on(() => { select.value = named(state) ?? ""; });
    },
    draw(host, data_, state) {
      const data = optbench.data.figures[data_.from];
      const name = named(state);
      const [each, once] = data.settings;
      const rows = name ? climbs(data, name, each) : [];
      if (rows.length < 3) return false;
      const apart = climbs(data, name, once);
      const at = (place) => ({ ladder, own }) => share(data, ladder, own.held[place] ?? own.held[0]);
      const { colour } = optbench.style(name);
      const wide = optbench.width(host) >= 560;
      const side = Math.min(optbench.width(host), 640);
      optbench.plot(host, [
        ring(rows, ({ ladder }) => share(data, ladder, field(data, ladder)), { meta: "the field", line: { color: "#999999", width: 1.2 } }),
        ring(rows, at(1), { meta: "low", line: { width: 0, color: colour }, optimizer: name }),
        ring(rows, at(2), { meta: "high", line: { width: 0, color: colour }, fill: "tonext", fillcolor: optbench.tint(name, 0.16), optimizer: name }),
        ring(rows, at(0), {
          meta: each, optimizer: name, mode: "lines+markers", line: { color: colour, width: 2 }, marker: { size: 6, color: colour }, hoverinfo: "text",
          text: closed(rows.map(({ ladder, own }) => `<b>${escape(ladder)}</b><br>level ${own.held[0]} of ${data.most[ladder]}, interval ${own.held[1] ?? "–"} to ${own.held[2] ?? "–"}<br>success by level (%): ${own.success.map((s) => Math.round(100 * s)).join(", ")}`)),
        }),
        ...(apart.length < 3 ? [] : [ring(apart, at(0), { meta: once, optimizer: name, line: { color: colour, width: 1.6, dash: "dash" } })]),
      ], {
        height: wide ? side : side + 40, margin: wide ? { l: 120, r: 120, t: 60, b: 60 } : { l: 74, r: 74, t: 50, b: 50 },
        polar: {
          radialaxis: { range: [0, 1.02], tickvals: [0, 0.5, 1], ticktext: ["0", "half", "all"], angle: 90, tickangle: 90, tickfont: { size: 9, color: optbench.SOFT }, gridcolor: optbench.GRID, showline: false },
          angularaxis: { categoryorder: "array", categoryarray: rows.map(({ ladder }) => broken(ladder)), rotation: 90, direction: "clockwise", tickfont: { size: wide ? 11 : 8 }, gridcolor: optbench.GRID, linecolor: "#888888" },
          bgcolor: "#fff",
        },
        annotations: [{ xref: "paper", yref: "paper", x: 0, y: 1, xanchor: "left", yanchor: "bottom", yshift: wide ? 30 : 20, text: `<b>${escape(name)}</b>`, showarrow: false, font: { size: 13 } }],
      });
      return true;
    },
    csv(data_, state) {
      const data = optbench.data.figures[data_.from];
      const name = named(state);
      return optbench.csv([["optimizer", "ladder", "rates", "held", "low", "high", "levels"],
        ...data.settings.flatMap((way) => climbs(data, name, way).map(({ ladder, own }) =>
          [name, ladder, way, ...own.held, data.most[ladder]]))]);
    },
  });
})();
