"use strict";
(() => {
  const PARTS = ["train", "validation", "test"];
  const TITLES = { train: "training", validation: "validation", test: "test" };
  const NINES = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999];
  let metric = "loss";

  // Accuracies on the scale -log10(1 - accuracy), which keeps 98 % and 99 % apart.
  const nines = (value) => (value === null ? null : -Math.log10(Math.min(Math.max(1 - value, 1e-3), 1)));
  const scales = {
    loss: { at: (value) => (value > 0 ? Math.log10(value) : null), text: (value) => optbench.number(value ?? Infinity) },
    accuracy: { at: nines, text: (value) => (value === null ? "–" : `${(100 * value).toFixed(1)} %`) },
  };

  const limits = (shown, names, at) => {
    const values = PARTS.flatMap((part) => names.flatMap((name) => shown[part]?.[name]?.middle ?? [])).map(at)
      .filter((value) => value !== null && Number.isFinite(value));
    if (!values.length) return null;
    const [low, high] = optbench.labels.extremes(values);
    return [Math.max(low, high - 6) - 0.05, high + 0.1];
  };

  optbench.figure("parts", {
    title: "Training, validation and test",
    group: "problem",
    applies: (data, state) => state.problem in data,
    paper: (state) => `'training-${optbench.problem(state.problem).slug}'`,
    caption: () => "Median over scoring lanes, band: quartiles. Rates were tuned without the test part.",
    controls(host, data, state, redraw) {
      const select = document.createElement("select");
      for (const name of ["loss", "accuracy"]) select.append(new Option(name, name));
      select.addEventListener("change", () => { metric = select.value; redraw(); });
      const label = document.createElement("label");
      label.append("show ", select);
      host.append(label);
    },
    draw(host, data, state) {
      const metrics = data[state.problem]?.[state.setting];
      const which = metrics?.[metric] ? metric : "loss";
      const shown = metrics?.[which];
      const names = shown ? state.optimizers.filter((name) => PARTS.some((part) => shown[part]?.[name])) : [];
      const scale = scales[which];
      const range = names.length ? limits(shown, names, scale.at) : null;
      if (!range) return false;
      const wide = optbench.width(host) >= 760;
      const space = optbench.labels.space(host, names.length, wide ? 340 : 780);
      const margin = { ...space.margin, t: 0, ...(wide ? {} : { r: 16 }) };
      const inner = space.height - margin.t - margin.b;
      const panels = optbench.labels.grid(PARTS.length, wide ? 3 : 1, optbench.width(host) - margin.l - margin.r, inner, { gap: 16, above: 24 });
      const [bottom, top] = range;
      const clip = (value) => (value === null ? null : Math.min(Math.max(scale.at(value) ?? bottom, bottom), top));
      const traces = PARTS.flatMap((part, k) => {
        const axes = { xaxis: `x${optbench.labels.suffix(k)}`, yaxis: `y${optbench.labels.suffix(k)}` };
        const own = names.filter((name) => shown[part]?.[name]).map((name) => [name, shown[part][name]]);
        const first = Math.min(...own.map(([, { x }]) => x.find((value) => value > 0) ?? 1));
        // On a log axis the start, at no evaluation, stands half an octave before the first record.
        const moved = (x) => x.map((value) => (value > 0 ? value : first / 1.5));
        return [
          ...own.map(([name, band]) => optbench.labels.area(name, { x: moved(band.x), low: band.low.map(clip), high: band.high.map(clip) }, which === "loss" ? top : bottom, bottom, axes)),
          ...own.map(([name, band]) => ({
            ...axes, x: moved(band.x), y: band.middle.map((value) => (value === null ? null : scale.at(value))), mode: "lines", line: optbench.line(name, 1.6), meta: `${name} ${part}`, optimizer: name,
            text: band.x.map((x, i) => `<b>${optbench.escape(name)}</b>, ${TITLES[part]}<br>after ${x} evaluations<br>median ${scale.text(band.middle[i])}, quartiles ${scale.text(band.low[i])} – ${scale.text(band.high[i])}<br>${band.lanes} lanes`),
            hovertemplate: "%{text}<extra></extra>",
          })),
        ];
      });
      const axes = {};
      const ticks = which === "accuracy" ? NINES.filter((value) => nines(value) >= bottom && nines(value) <= top) : null;
      const { tickvals, ticktext, dtick } = optbench.logTicks(bottom, top, 6);
      const decades = tickvals?.map((value) => Math.log10(value)) ?? optbench.roundNumbers(bottom, top, (top - bottom) / dtick);
      panels.forEach(({ x, y, first, lowest }, k) => {
        const suffix = optbench.labels.suffix(k);
        axes[`xaxis${suffix}`] = optbench.axis({ type: "log", domain: x, anchor: `y${suffix}`, matches: k ? "x" : undefined, showticklabels: lowest, title: { text: lowest ? "gradient evaluations" : "" }, exponentformat: "power", dtick: 1 });
        axes[`yaxis${suffix}`] = optbench.axis({ domain: y, anchor: `x${suffix}`, range, showticklabels: first || !wide, title: { text: first || !wide ? which : "" },
          ...(ticks ? { tickvals: ticks.map(nines), ticktext: ticks.map((value) => `${optbench.number(100 * value)} %`) } : { tickvals: decades, ticktext: ticktext ?? decades.map((value) => optbench.number(10 ** value, 2)) }) });
      });
      const sign = which === "loss" ? 1 : -1;
      const ends = names.map((name) => ({ name, at: shown.test?.[name] ? scale.at(shown.test[name].middle.at(-1)) ?? NaN : NaN })).sort((a, b) => sign * (a.at - b.at));
      const labels = wide ? optbench.labels.names(ends, range, { ...space, inner }, panels[2].y) : { shapes: [], annotations: [] };
      optbench.plot(host, traces, {
        height: space.height, margin, ...axes, shapes: labels.shapes,
        annotations: [...labels.annotations, ...PARTS.map((part, k) => optbench.labels.title(`<b>${TITLES[part]} part</b>`, panels[k]))],
      });
      return true;
    },
  });
})();
