"use strict";
// Optimizers by problems: one cell a pair, its number written in it. The longer side goes down.
optbench.cells = (() => {
  const DEEP = [[0, "#ffffff"], [0.333, "#cfe1f0"], [0.667, "#6aa5d0"], [1, "#0b4f85"]];
  const ROW = 20;
  const WIDEST = 78;
  const LETTER = 7.1; // pixels at most
  const SLANT = 40; // degrees of the names above
  const [COS, SIN] = [Math.cos, Math.sin].map((of) => of(SLANT * Math.PI / 180));
  const BAR = 76; // pixels right of the cells for the scale

  const SIZE = 11; // pixels of a number

  // Dark cells have white numbers.
  const ink = (share) => (share === null ? optbench.SOFT : share > 0.62 ? "#ffffff" : optbench.INK);

  // The numbers, on a canvas over the cells: with plotly's own a redraw takes 1.6 times as long.
  const write = (host, { left, head, wide, z, text }) => {
    const canvas = host.querySelector("canvas") ?? document.createElement("canvas");
    const scale = Math.max(2, devicePixelRatio); // for print, too
    const [width, height] = [wide * text[0].length, ROW * text.length];
    Object.assign(canvas, { width: width * scale, height: height * scale });
    canvas.style.cssText = `position:absolute;left:${left}px;top:${head}px;width:${width}px;height:${height}px;pointer-events:none`;
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    Object.assign(context, { font: `${SIZE}px ${optbench.FONT}`, textAlign: "center", textBaseline: "middle" });
    text.forEach((row, i) => row.forEach((words, k) => {
      context.fillStyle = ink(z[i][k]);
      context.fillText(words, (k + 0.5) * wide, (i + 0.5) * ROW + 0.5);
    }));
    host.querySelector(".svg-container").append(canvas);
  };

  const transposed = (rows) => rows[0].map((_, k) => rows.map((row) => row[k]));

  // `colours`, 0 to 1, `texts` and `hovers` are [problem][optimizer], null where there is nothing.
  const draw = (host, { problems, names, colours, texts, hovers, ticks }) => {
    const turned = names.length > Math.max(24, problems.length);
    const labels = problems.map(({ label }) => label);
    const [down, across] = turned ? [names, labels] : [labels, names];
    const [z, text, customdata] = turned ? [colours, texts, hovers].map(transposed) : [colours, texts, hovers];
    const most = optbench.width(host) < 560 ? 18 : 30;
    const short = (name) => optbench.escape(optbench.short(name, most));
    const left = Math.ceil(14 + LETTER * Math.min(most, Math.max(...down.map((name) => name.length))));
    const letters = across.map((name) => Math.min(most, name.length));
    const head = Math.ceil(24 + SIN * LETTER * Math.max(...letters));
    const least = 8 + LETTER * Math.max(...texts.flat().map((words) => words.length));
    const room = (optbench.width(host) - left - BAR) / across.length;
    const wide = Math.floor(Math.min(WIDEST, Math.max(least, room)));
    // Slanted names begin at their columns; the last ones may reach beyond them.
    const right = Math.ceil(Math.max(BAR, ...letters.map((count, k) => COS * LETTER * count - (across.length - k - 0.5) * wide)));
    const width = left + right + across.length * wide;
    const height = head + ROW * down.length + 12;
    const kinds = problems.map((own) => own.kind_of);
    const breaks = kinds.map((_, k) => k).filter((k) => k && kinds[k] !== kinds[k - 1]);
    host.style.overflowX = "auto";
    optbench.plot(host, [{
      type: "heatmap", x: across.map((_, k) => k), y: down.map((_, k) => k), z, customdata,
      zmin: 0, zmax: 1, colorscale: DEEP, xgap: 1, ygap: 1,
      hovertemplate: "%{customdata}<extra></extra>", hoverongaps: false, meta: "colour",
      colorbar: { thickness: 12, len: 90, lenmode: "pixels", yanchor: "top", y: 1, x: 1, xpad: 12, outlinewidth: 0, tickvals: ticks.map(([at]) => at), ticktext: ticks.map(([, words]) => words), tickfont: { size: 11 } },
    }], {
      width, height, margin: { l: left, r: right, t: head, b: 12 }, plot_bgcolor: "#f1f1f1",
      xaxis: optbench.axis({ side: "top", tickvals: across.map((_, k) => k), ticktext: across.map(short), tickangle: -SLANT, showgrid: false, showline: false, ticks: "", range: [-0.5, across.length - 0.5], fixedrange: true, tickfont: { size: 11 } }),
      yaxis: optbench.axis({ tickvals: down.map((_, k) => k), ticktext: down.map(short), showgrid: false, showline: false, ticks: "", range: [down.length - 0.5, -0.5], fixedrange: true, tickfont: { size: 11 } }),
      shapes: breaks.map((k) => ({
        type: "line", line: { color: optbench.INK, width: 1 },
        ...(turned ? { yref: "paper", y0: 0, y1: 1, x0: k - 0.5, x1: k - 0.5 } : { xref: "paper", x0: 0, x1: 1, y0: k - 0.5, y1: k - 0.5 }),
      })),
    });
    write(host, { left, head, wide, z, text });
    host.turned = turned;
    host.problems = turned ? ({ x }) => problems[x] : ({ y }) => problems[y];
    if (!host.follows) {
      host.follows = true;
      host.on("plotly_click", ({ points: [point] }) => {
        optbench.set({ problem: host.problems(point).label });
        document.getElementById("problem").scrollIntoView();
      });
    }
  };

  // The pairs of the view: problems with a pair, and names with one, best first by `order`.
  const pairs = (state) => {
    const problems = optbench.problems().filter(({ label }) =>
      state.optimizers.some((name) => optbench.lanes(label, name)));
    const names = state.optimizers.filter((name) => problems.some(({ label }) => optbench.lanes(label, name)));
    return { problems, names };
  };

  // A row a problem, a column an optimizer, for the link to the data.
  const csv = ({ problems, names, values }) => optbench.csv([
    ["problem", ...names], ...problems.map(({ label }, p) => [label, ...values[p]])]);

  return { draw, pairs, csv };
})();
