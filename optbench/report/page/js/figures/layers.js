"use strict";
(() => {
  const WEIGHTS = "weights";
  const DECADES = 8;
  const RISES = { logarithmic: 1e4, linear: 30 }; // times the largest first value that are shown
  let statistic = "gradient_norm";

  const limits = (key, curves, logarithmic) => {
    if (key === "saturated" || key === "dead") return [-0.03, 1.03];
    // Not what a lane that is about to overflow has: it would squeeze the others flat.
    // Means of activations begin at 0, and are of the size of 1 later.
    const lines = curves.flatMap((layers) => layers.filter(Boolean).map((layer) => layer[key].filter((value) => value !== null)));
    const first = Math.max(logarithmic ? 0 : 1, ...lines.filter((own) => own.length).map(([value]) => Math.abs(value)));
    const most = first > 0 ? first * RISES[logarithmic ? "logarithmic" : "linear"] : Infinity;
    const values = lines.flat().filter((value) => Math.abs(value) <= most && (!logarithmic || value > 0))
      .map((value) => (logarithmic ? Math.log10(value) : value));
    if (!values.length) return null;
    const [low, high] = optbench.labels.extremes(values);
    const pad = logarithmic ? 0.3 : 0.06 * (high - low) || 0.1;
    return [logarithmic ? Math.max(low, high - DECADES) - pad : low - pad, high + pad];
  };

  // Counts in equal bins as the outline of an area of 1.
  const outline = ([low, high, heights]) => {
    const width = (high - low) / heights.length;
    const edges = heights.flatMap((_, i) => [low + i * width, low + (i + 1) * width]);
    return { x: [low, ...edges, high], y: [0, ...heights.flatMap((height) => [height, height]), 0] };
  };

  const weights = (names, curves, k, axes) => {
    const first = names.map((name) => curves[name][k]).find(Boolean);
    return [
      ...(first ? [{ ...axes, ...outline(first.weights[0]), mode: "lines", fill: "tozeroy", fillcolor: "#cfcfcf", line: { width: 0 }, hoverinfo: "skip", meta: "at initialisation" }] : []),
      ...names.filter((name) => curves[name][k]).map((name) => ({
        ...axes, ...outline(curves[name][k].weights[1]), mode: "lines", line: optbench.line(name, 1.3), meta: name, optimizer: name,
        hovertemplate: `<b>${optbench.escape(name)}</b><br>weight %{x:.3g}, density %{y:.3g}<br>after ${curves[name][k].step.at(-1)} steps<extra></extra>`,
      })),
    ];
  };

  const lines = (names, curves, k, axes, { key, words, floor }) => names.filter((name) => curves[name][k]?.[key].some((value) => value !== null)).map((name) => {
    const own = curves[name][k];
    return {
      ...axes, x: own.step.map((step) => (step > 0 ? step : 0.5)), y: own[key].map((value) => (value === null ? null : Math.max(value, floor))),
      mode: "lines+markers", line: optbench.line(name, 1.4), marker: { size: 3 }, meta: name, optimizer: name,
      text: own.step.map((step, i) => `<b>${optbench.escape(name)}</b><br>after ${step} steps<br>${words} ${optbench.number(own[key][i])}`),
      hovertemplate: "%{text}<extra></extra>",
    };
  });

  optbench.figure("layers", {
    title: "Inside the net",
    group: "problem",
    applies: (data, state) => state.problem in data.nets,
    paper: (state) => `'${statistic === WEIGHTS ? "weights" : "layers"}-${optbench.problem(state.problem).slug}'`,
    caption(data, state) {
      const net = data.nets[state.problem];
      const some = net && net.titles.length < net.layers ? ` ${net.titles.length} of ${net.layers} layers.` : "";
      return (statistic === WEIGHTS
        ? "Grey: at initialisation, the same for all. Line: at the end, or at the last point before the lane diverged. Areas are equal."
        : "Saturated: slope below 5 % of the largest (of a ReLU: inactive); dead: below 0.1 % for every example. Update / weight: size of the one step that led to the point over that of the weights.") +
        ` One lane (instance 0, seed 0), tuned.${some}` +
        (statistic === WEIGHTS ? "" : ` Cut off: what is more than ${optbench.number(RISES.logarithmic)} times (of means: ${RISES.linear} times) the largest first value.`);
    },
    controls(host, data, state, redraw) {
      const select = document.createElement("select");
      for (const [key, words] of Object.entries(data.words)) select.append(new Option(words, key));
      select.append(new Option("weights: histogram", WEIGHTS));
      select.value = statistic;
      select.addEventListener("change", () => { statistic = select.value; redraw(); });
      const label = document.createElement("label");
      label.append("show ", select);
      host.append(label);
    },
    draw(host, data, state) {
      const net = data.nets[state.problem];
      const names = net ? state.optimizers.filter((name) => net.curves[name]) : [];
      if (!names.length) return false;
      const histogram = statistic === WEIGHTS;
      const logarithmic = data.logarithmic.includes(statistic);
      const range = histogram ? null : limits(statistic, names.map((name) => net.curves[name]), logarithmic);
      if (!histogram && !range) return false;
      const margin = { l: 60, r: 12, t: 0, b: 46 };
      const width = optbench.width(host) - margin.l - margin.r;
      const across = Math.max(1, Math.min(net.titles.length, 3, Math.floor(width / 260)));
      const height = 250 * Math.ceil(net.titles.length / across);
      const panels = optbench.labels.grid(net.titles.length, across, width, height, { gap: histogram ? 20 : 16, above: histogram ? 44 : 28 });
      const words = data.words[statistic];
      const floor = logarithmic ? 10 ** range[0] : -Infinity;
      const axes = {};
      // Numbers stand at the first panel of a row and the last of a column that show something.
      const shows = panels.map((_, k) => histogram || names.some((name) => net.curves[name][k]?.[statistic].some((value) => value !== null)));
      const traces = panels.flatMap(({ x, y }, k) => {
        const first = !shows.some((own, i) => own && i < k && Math.floor(i / across) === Math.floor(k / across));
        const lowest = !shows.some((own, i) => own && i > k && (i - k) % across === 0);
        const suffix = optbench.labels.suffix(k);
        const own = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
        axes[`xaxis${suffix}`] = histogram
          ? optbench.axis({ domain: x, anchor: `y${suffix}`, nticks: 5, title: { text: lowest ? "weight" : "" } })
          : optbench.axis({ type: "log", domain: x, anchor: `y${suffix}`, matches: k ? "x" : undefined, showticklabels: lowest, title: { text: lowest ? "step" : "" }, dtick: 1, exponentformat: "power" });
        axes[`yaxis${suffix}`] = histogram
          ? optbench.axis({ domain: y, anchor: `x${suffix}`, rangemode: "tozero", showticklabels: false, ticks: "", title: { text: first ? "density" : "" } })
          : { ...(logarithmic ? optbench.logAxis(first ? words : "", range) : optbench.axis({ range, title: { text: first ? words : "" } })), domain: y, anchor: `x${suffix}`, showticklabels: first };
        return histogram ? weights(names, net.curves, k, own) : lines(names, net.curves, k, own, { key: statistic, words, floor });
      });
      const empty = panels.map((_, k) => k).filter((k) => !shows[k]);
      optbench.plot(host, traces, {
        height: height + margin.b, margin, ...axes,
        annotations: [
          ...net.titles.map((text, k) => optbench.labels.title(`<b>${text}</b>`, panels[k])),
          ...empty.map((k) => optbench.labels.title("no activation", panels[k], {
            x: (panels[k].x[0] + panels[k].x[1]) / 2, y: (panels[k].y[0] + panels[k].y[1]) / 2, xanchor: "center", yanchor: "middle", font: { size: 12, color: optbench.SOFT },
          })),
        ],
      });
      return true;
    },
  });
})();
