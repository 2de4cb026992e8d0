"use strict";
// What all figures and tables share: the data of the run, the state of the view, and the drawing
// of figures as they come into view. A figure registers itself:
//
//   optbench.figure("name", { title, group, controls(host, data, state)?, caption(data, state)?,
//                             paper(state)?, csv(data, state)?, applies(data, state)?,
//                             draw(host, data, state) })
//
// `group` is "overview" (all problems) or "problem" (the one of the state). `draw` hands traces and
// a layout to `optbench.plot`, and is called when its host comes into view and again when the state
// changes while it is visible; it returns false where it has nothing to show. `paper` names the
// figures that `optbench figures` draws of the same data. `controls` fills an element of the
// figure's own, and may call its fourth argument to draw the figure anew. A figure that does not
// apply to the problem of the state has no place on the page.
const optbench = (() => {
  const figures = new Map();
  const listeners = [];
  const entries = [];
  const visible = new Set();
  const state = {
    optimizers: [], tag: "", kind: "", problem: "", dim: "", budget: 1, metric: "evaluations",
    setting: "tuned",
  };

  // ---------------------------------------------------------------------------------------- data

  const bytes = (id) => {
    const text = atob(document.getElementById(id).textContent.trim());
    const array = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) array[i] = text.charCodeAt(i);
    return array;
  };
  const unpacked = async (id) => {
    const stream = new Blob([bytes(id)]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };

  let plotly = null;
  const loadPlotly = () => {
    plotly ??= unpacked("plotly").then((code) => {
      const script = document.createElement("script");
      script.textContent = code;
      document.head.append(script);
    });
    return plotly;
  };

  // --------------------------------------------------------------------------------------- names

  // Plotly reads some markup in texts; of a name nothing is markup.
  const MARKUP = { "&": "&amp;", "<": "&lt;", ">": "&gt;", $: "&#36;" };
  const escape = (text) => String(text).replace(/[&<>$]/g, (sign) => MARKUP[sign]);
  const short = (name, length = 26) => {
    if (name.length <= length) return name;
    const tail = Math.floor((length - 1) / 2);
    return `${name.slice(0, length - 1 - tail)}…${name.slice(-tail)}`;
  };

  const number = (value, digits = 3) => {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
    const size = Math.abs(value);
    if (value === 0 || (size >= 1e-3 && size < 1e5)) {
      return size < 999.5 ? String(Number(value.toPrecision(digits))) : String(Math.round(value));
    }
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    return `${Number(mantissa)}e${Number(exponent)}`;
  };

  // --------------------------------------------------------------------------------------- state

  const defaults = () => ({
    optimizers: optbench.data.optimizers.map(({ name }) => name), tag: "", kind: "",
    problem: optbench.data.drawn[0] ?? "", dim: "", budget: 1, metric: "evaluations",
    setting: "tuned",
  });

  const toHash = () => {
    const every = defaults();
    const params = new URLSearchParams();
    const hidden = every.optimizers.filter((name) => !state.optimizers.includes(name));
    if (hidden.length && hidden.length <= state.optimizers.length) {
      hidden.forEach((name) => params.append("hide", name));
    } else if (hidden.length) {
      state.optimizers.forEach((name) => params.append("show", name));
      if (!state.optimizers.length) params.append("show", "");
    }
    for (const key of ["tag", "kind", "problem", "dim", "budget", "metric", "setting"]) {
      if (String(state[key]) !== String(every[key])) params.set(key, state[key]);
    }
    return params.toString();
  };

  const fromHash = () => {
    const next = defaults();
    const params = new URLSearchParams(location.hash.slice(1));
    const hide = params.getAll("hide");
    const show = params.getAll("show");
    next.optimizers = next.optimizers.filter(
      (name) => (show.length ? show.includes(name) : !hide.includes(name)));
    for (const key of ["tag", "kind", "metric", "setting"]) {
      if (params.has(key)) next[key] = params.get(key);
    }
    if (optbench.data.drawn.includes(params.get("problem"))) next.problem = params.get("problem");
    if (params.has("dim")) next.dim = Number(params.get("dim"));
    const budget = Number(params.get("budget"));
    if (budget > 0 && budget <= 1) next.budget = budget;
    return next;
  };

  let writing = 0;
  const writeHash = () => {
    const hash = toHash();
    const url = location.href.split("#")[0] + (hash ? `#${hash}` : "");
    if (url !== location.href) history.replaceState(null, "", url);
  };

  const set = (changes) => {
    Object.assign(state, changes);
    clearTimeout(writing);
    writing = setTimeout(writeHash); // takes longer than a figure
    listeners.forEach((listener) => listener(state));
    entries.forEach(({ name, spec, box }) => {
      box.hidden = spec.applies ? !spec.applies(optbench.data.figures[name], state) : false;
    });
    visible.forEach((entry) => { optbench.vanish(entry); waiting.add(entry); });
    return flush();
  };

  // The end of the next frame, when it has been painted; of a page that nobody sees there is none.
  const frame = () => new Promise((go) => {
    requestAnimationFrame(() => setTimeout(go));
    setTimeout(go, 100);
  });

  // A click is answered first, and then one figure a frame is drawn, those on the screen first.
  const waiting = new Set();
  let flushing = null;
  const flush = () => {
    flushing ??= (async () => {
      await frame();
      while (waiting.size) {
        const entry = [...waiting].find(({ seen }) => seen) ?? [...waiting][0];
        waiting.delete(entry);
        if (visible.has(entry)) draw(entry);
        await frame();
      }
    })().finally(() => { flushing = null; }); // not within, which may end before it is assigned
    return flushing;
  };

  // The problems that the tag, the kind and the dimension of the state leave.
  const problems = () =>
    optbench.data.problems.filter((problem) =>
      (!state.tag || problem.tags.includes(state.tag)) &&
      (!state.kind || problem.kind_of === state.kind) &&
      (!state.dim || problem.dim === state.dim));

  // The lanes of a pair at the setting and the budget of the state: {cost, reached, log_gap, value,
  // lr}, a number a draw, or null. With a part of the budget a lane costs at most that part, and
  // where it ended is unknown.
  const lanes = (label, optimizer, setting = state.setting) => {
    const own = optbench.data.pairs[label]?.[optimizer]?.[setting];
    if (!own || state.budget === 1) return own ?? null;
    const most = state.budget * optbench.problem(label).budget;
    const reached = own.cost.map((cost, i) => (own.reached[i] && cost <= most ? 1 : 0));
    return {
      lr: own.lr, reached, cost: own.cost.map((cost, i) => (reached[i] ? cost : most)),
      log_gap: own.log_gap.map(() => null), value: own.value.map(() => null),
    };
  };

  // ------------------------------------------------------------------------------------- figures

  const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const INK = "#222222";
  const SOFT = "#666666";
  const GRID = "#e4e4e4";
  const axis = (more = {}) => ({
    gridcolor: GRID, linecolor: "#888888", showline: true, ticks: "outside", ticklen: 4,
    tickcolor: "#888888", zeroline: false, automargin: false, ticklabeloverflow: "allow", ...more,
    title: { font: { size: 12 }, standoff: 8, ...more.title },
  });
  // Round numbers from low to high at equal steps, about as many as are asked for.
  const roundNumbers = (low, high, most = 5) => {
    const power = 10 ** Math.floor(Math.log10((high - low) / most));
    const step = power * [1, 2, 5, 10].find((digit) => (high - low) / (power * digit) <= most);
    const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
    return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  };
  // Ticks of a log axis: decades, at most so many; of less than two decades 1, 2, 5, 10, ...; of
  // less than half a one at equal steps.
  const logTicks = (low, high, most) => {
    if (high - low >= 2) return { exponentformat: "power", dtick: Math.max(1, Math.ceil((high - low) / most)) };
    const decades = Array.from({ length: 4 }, (_, i) => Math.floor(low) + i);
    const fine = decades.flatMap((k) => [1, 2, 5].map((digit) => digit * 10 ** k));
    const tickvals = (high - low > 0.5 ? fine : roundNumbers(10 ** low, 10 ** high))
      .filter((value) => Math.log10(value) >= low && Math.log10(value) <= high);
    return { tickvals, ticktext: tickvals.map((value) => number(value)) };
  };
  // A log axis over log10 of two values.
  const logAxis = (text, [low, high], most = 8, more = {}) => axis({
    type: "log", title: { text }, range: [low, high], tickangle: 0, ...logTicks(low, high, most), ...more,
  });
  const layout = (more = {}) => ({
    font: { family: FONT, size: 12, color: INK }, paper_bgcolor: "#fff", plot_bgcolor: "#fff",
    margin: { l: 64, r: 16, t: 12, b: 48 }, showlegend: false, hovermode: "closest",
    hoverlabel: { bgcolor: "#fff", bordercolor: "#888", font: { size: 12, color: INK }, namelength: -1 },
    height: 400, ...more,
  });
  const config = { displaylogo: false, displayModeBar: false };
  // Widths are kept: to ask for one after another figure was drawn lays the page out anew.
  const widths = new Map();
  let paper = null; // pixels, while the page is printed
  const width = (host) => paper ?? widths.get(host) ?? host.clientWidth;
  const plot = (host, traces, own, more = {}) =>
    Plotly.react(host, traces, layout({ width: width(host), ...own }), { ...config, ...more });
  const styles = new Map();
  const style = (name) => styles.get(name);
  const line = (name, width = 2) => ({ color: style(name).colour, dash: style(name).dash, width });
  const tint = (name, alpha) => {
    const code = parseInt(style(name).colour.slice(1), 16);
    return `rgba(${code >> 16},${(code >> 8) & 255},${code & 255},${alpha})`;
  };

  const draw = (entry) => {
    const { spec, host, box, name } = entry;
    const data = optbench.data.figures[name];
    entry.drawn = true;
    optbench.appear(entry);
    const shows = spec.draw(host, data, state) !== false;
    host.hidden = !shows;
    box.querySelector(".nothing").hidden = shows;
    if (spec.caption) box.querySelector(".caption").textContent = spec.caption(data, state);
    if (spec.paper) {
      const only = spec.paper(state);
      box.querySelector("code").textContent = `optbench figures ${optbench.data.run} --only ${only}`;
    }
  };

  // All figures at once, so wide; without a width those in view, as the window has them.
  const drawAll = (pixels = null) => {
    paper = pixels;
    entries.filter((entry) => !entry.box.hidden && (paper || visible.has(entry))).forEach(draw);
  };

  // Rows as CSV. A text that a spreadsheet would take for a formula is none.
  const csv = (rows) => {
    const cell = (value) => {
      let text = value === null || value === undefined ? "" : String(value);
      if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
      return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    return rows.map((row) => row.map(cell).join(",")).join("\n");
  };
  const tracesOf = (host) => {
    const rows = [["name", "x", "y", "z"]];
    for (const trace of host.data ?? []) {
      const label = trace.meta ?? trace.name ?? "";
      if (Array.isArray(trace.z)) {
        trace.z.forEach((line, i) => line.forEach((z, k) =>
          rows.push([label, trace.x?.[k] ?? k, trace.y?.[i] ?? i, z])));
      } else {
        (trace.x ?? []).forEach((x, i) => rows.push([label, x, trace.y?.[i], null]));
      }
    }
    return csv(rows);
  };
  const download = (text, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  const place = (name, spec) => {
    const box = document.importNode(document.getElementById("figure").content, true).firstElementChild;
    box.id = `f-${name}`;
    box.querySelector("h3").textContent = spec.title;
    const entry = { name, spec, box, host: box.querySelector(".host"), drawn: false, seen: false, vanished: [] };
    entries.push(entry);
    sizes.observe(entry.host);
    box.querySelector(".csv").addEventListener("click", () =>
      download(spec.csv ? spec.csv(optbench.data.figures[name], state) : tracesOf(entry.host), `${name}.csv`));
    box.querySelector(".paper").hidden = !spec.paper;
    document.querySelector(`#${spec.group} .figures`).append(box);
    spec.controls?.(box.querySelector(".controls"), optbench.data.figures[name], state,
      () => draw(entry));
    new IntersectionObserver((seen) => {
      if (!seen[seen.length - 1].isIntersecting) {
        visible.delete(entry);
        return;
      }
      visible.add(entry);
      loadPlotly().then(() => visible.has(entry) && draw(entry));
    }, { rootMargin: "150px" }).observe(box);
    new IntersectionObserver((seen) => { entry.seen = seen[seen.length - 1].isIntersecting; }).observe(box);
  };

  const resized = (sizes) => {
    for (const { target, contentRect } of sizes) {
      if (!contentRect.width || widths.get(target) === contentRect.width) continue;
      widths.set(target, contentRect.width);
      visible.forEach((entry) => entry.host === target && entry.drawn && draw(entry));
    }
  };
  const sizes = new ResizeObserver(resized);

  const start = async () => {
    optbench.data = JSON.parse(await unpacked("data"));
    optbench.data.optimizers.forEach((own) => styles.set(own.name, own));
    Object.assign(state, fromHash());
    figures.forEach((spec, name) => optbench.data.figures[name] && place(name, spec));
    addEventListener("hashchange", () => {
      const target = document.getElementById(location.hash.slice(1));
      set(target ? {} : fromHash());
      target?.scrollIntoView();
    });
    document.documentElement.classList.add("live");
    set({});
  };

  return {
    data: null, state, set, start, escape, short, number, problems, lanes, plot, axis, logAxis, logTicks, roundNumbers, line, tint,
    style, width, loadPlotly, drawAll, csv, FONT, INK, SOFT, GRID,
    problem: (label) => optbench.data.problems.find((own) => own.label === label),
    figure: (name, spec) => figures.set(name, spec),
    on: (listener) => listeners.push(listener),
  };
})();
