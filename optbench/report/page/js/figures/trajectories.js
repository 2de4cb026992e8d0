"use strict";
(() => {
  const SIDE = 240; // pixels of a panel
  const LEVELS = 12;
  const PALE = [[159, 179, 200], [201, 213, 226], [230, 236, 242], [248, 249, 251]];
  const LINE = [168, 184, 200];
  const MOST = 24;
  const pictures = new Map();

  const shade = (share) => {
    const at = share * (PALE.length - 1);
    const k = Math.min(Math.floor(at), PALE.length - 2);
    return PALE[k].map((value, i) => value + (at - k) * (PALE[k + 1][i] - value));
  };

  // The contours as a picture, drawn once for all panels: bands of height, and lines between them.
  const picture = (label, { surface, points }) => {
    if (!surface || pictures.has(label)) return pictures.get(label);
    const bytes = Uint8Array.from(atob(surface), (sign) => sign.charCodeAt(0));
    const heights = Float64Array.from({ length: points * points }, (_, i) => (bytes[i] * 256 + bytes[points * points + i]) / 65536);
    const size = 2 * SIDE;
    const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
    const context = canvas.getContext("2d");
    const image = context.createImageData(size, size);
    const step = (points - 1) / (size - 1);
    const band = (row, column) => {
      const [y, x] = [(size - 1 - row) * step, column * step];
      const [i, k] = [Math.min(Math.floor(y), points - 2), Math.min(Math.floor(x), points - 2)];
      const [v, u] = [y - i, x - k];
      const at = (a, b) => heights[a * points + b];
      const height = (1 - v) * ((1 - u) * at(i, k) + u * at(i, k + 1)) + v * ((1 - u) * at(i + 1, k) + u * at(i + 1, k + 1));
      return Math.min(LEVELS - 1, Math.floor(height * LEVELS));
    };
    const bands = Uint8Array.from({ length: size * size }, (_, i) => band(Math.floor(i / size), i % size));
    bands.forEach((own, i) => {
      const next = [bands[i - 1], bands[i - size], bands[i + 1]];
      const edge = i % size && i >= size && next.some((other) => other !== own);
      image.data.set([...(edge ? LINE : shade(own / (LEVELS - 1))), 255], 4 * i);
    });
    context.putImageData(image, 0, 0);
    pictures.set(label, canvas.toDataURL());
    return pictures.get(label);
  };

  // Ticks that stand clear of the neighbouring panels': two at least, or there is no scale.
  const inner = (low, high) => {
    const edge = 0.06 * (high - low);
    const ticks = [4, 5, 6, 8].map((most) =>
      optbench.roundNumbers(low, high, most).filter((value) => value > low + edge && value < high - edge));
    return ticks.find((own) => own.length > 1) ?? ticks[0];
  };

  const panel = (name, path, k, minimum) => {
    const axes = { xaxis: `x${optbench.labels.suffix(k)}`, yaxis: `y${optbench.labels.suffix(k)}` };
    const { colour } = optbench.style(name);
    const last = path.x.length - 1;
    const marks = [
      ...(minimum ? [{ at: minimum, symbol: "star", size: 13, color: "#F0E442", edge: "#000", words: "minimum" }] : []),
      { at: [path.x[0], path.y[0]], symbol: "circle", size: 9, color: "#fff", edge: "#000", words: "declared start" },
      { at: [path.x[last], path.y[last]], symbol: "square", size: 7, color: colour, edge: "#fff", words: "last record" },
    ];
    const of = (key) => marks.map((mark) => mark[key]);
    return [
      {
        ...axes, x: path.x, y: path.y, mode: "lines+markers", line: { color: colour, width: 1.6 }, marker: { size: 3.5, color: colour }, meta: name, optimizer: name,
        text: path.x.map((x, i) => `<b>${optbench.escape(name)}</b><br>after ${path.evaluations[i]} evaluations<br>(${optbench.number(x, 4)}, ${optbench.number(path.y[i], 4)})`),
        hovertemplate: "%{text}<extra></extra>",
      },
      {
        ...axes, x: of("at").map(([x]) => x), y: of("at").map(([, y]) => y), mode: "markers", meta: `${name} marks`, optimizer: name,
        marker: { symbol: of("symbol"), size: of("size"), color: of("color"), opacity: 1, line: { width: 1.2, color: of("edge") } },
        text: of("words"), hovertemplate: "%{text}<extra></extra>",
      },
    ];
  };

  // Points that move along the paths, in pictures of their own above the panels: plotly would draw
  // all anew for each frame. A point stands at the last record before the time that is shown.
  const swatch = document.getElementById("swatch").content.firstElementChild;
  let player = null;
  let movers = [];
  const node = (tag, attributes) => {
    const made = document.createElementNS(swatch.namespaceURI, tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    return made;
  };
  const mover = (name, path, { left, top, side }, place) => {
    const { colour } = optbench.style(name);
    const picture = node("svg", { class: "moving", width: side, height: side, "aria-hidden": true });
    Object.assign(picture.style, { left: `${left}px`, top: `${top}px` });
    const behind = node("polyline", { fill: "none", stroke: colour, "stroke-width": 3, "stroke-linejoin": "round" });
    const point = node("circle", { r: 6, fill: colour, stroke: "#fff", "stroke-width": 2 });
    picture.append(behind, point);
    const pixels = path.x.map((x, i) => place(x, path.y[i]));
    return {
      picture,
      show(evaluations) {
        picture.style.display = evaluations === null ? "none" : "";
        const later = path.evaluations.findIndex((own) => own > (evaluations ?? 0));
        const seen = pixels.slice(0, later < 0 ? pixels.length : Math.max(1, later));
        behind.setAttribute("points", seen.join(" "));
        point.setAttribute("cx", seen.at(-1)[0]);
        point.setAttribute("cy", seen.at(-1)[1]);
      },
    };
  };
  const move = (host, next) => {
    movers.forEach(({ picture }) => picture.remove());
    movers = next;
    host.append(...movers.map(({ picture }) => picture));
  };

  optbench.figure("trajectories", {
    title: "Trajectories",
    group: "problem",
    applies: (data, state) => state.problem in data,
    paper: (state) => `'trajectories-${optbench.problem(state.problem).slug}'`,
    controls(host) {
      player = optbench.player(host, { show: (at) => movers.forEach((own) => own.show(at)) });
    },
    caption: () => "One lane each, instance 0, from the declared start. ○ start, ★ minimum, ■ last record; dots: records, log-spaced. Contours are log-spaced above the least value shown, darker is lower.",
    draw(host, data, state) {
      const own = data[state.problem];
      const paths = own?.[state.setting];
      const names = paths ? state.optimizers.filter((name) => paths[name]?.x.length).slice(0, MOST) : [];
      if (!names.length) return false;
      const margin = { l: 44, r: 8, t: 0, b: 34 };
      const room = optbench.width(host) - margin.l - margin.r;
      const across = Math.max(1, Math.min(names.length, Math.floor(room / (room < 700 ? 150 : SIDE))));
      const gap = 12;
      const side = Math.min(1.35 * SIDE, (room - gap * (across - 1)) / across);
      const above = 36;
      const rows = Math.ceil(names.length / across);
      const [width, height] = [side * across + gap * (across - 1), rows * (side + above)];
      const panels = optbench.labels.grid(names.length, across, width, height, { gap, above });
      const [[left, low], [right, high]] = own.view;
      const backdrop = picture(state.problem, own);
      const axes = {};
      panels.forEach(({ x, y, first, lowest }, k) => {
        const common = { showgrid: false, mirror: true, tickfont: { size: 10 } };
        const suffix = optbench.labels.suffix(k);
        axes[`xaxis${suffix}`] = optbench.axis({ ...common, domain: x, anchor: `y${suffix}`, range: [left, right], tickvals: inner(left, right), showticklabels: lowest, title: { text: lowest ? "x<sub>0</sub>" : "", standoff: 4 } });
        axes[`yaxis${suffix}`] = optbench.axis({ ...common, domain: y, anchor: `x${suffix}`, range: [low, high], tickvals: inner(low, high), showticklabels: first, title: { text: first ? "x<sub>1</sub>" : "", standoff: 4 } });
      });
      const most = Math.floor(side / 8.8);
      optbench.plot(host, names.flatMap((name, k) => panel(name, paths[name], k, own.minimum)), {
        width: width + margin.l + margin.r, height: height + margin.b, margin, ...axes,
        images: backdrop ? panels.map((_, k) => ({
          source: backdrop, xref: `x${optbench.labels.suffix(k)}`, yref: `y${optbench.labels.suffix(k)}`, layer: "below",
          x: left, y: high, sizex: right - left, sizey: high - low, sizing: "stretch",
        })) : [],
        annotations: names.map((name, k) => optbench.labels.title(
          `<b>${optbench.escape(optbench.short(name, most))}</b><br><span style="color:${optbench.SOFT};font-size:10px">${paths[name].ended ?? ""}</span>`,
          panels[k], { align: "left" })),
      });
      move(host, names.map((name, k) => mover(
        name, paths[name],
        { left: margin.l + panels[k].x[0] * width, top: height * (1 - panels[k].y[1]), side },
        (x, y) => [side * (x - left) / (right - left), side * (high - y) / (high - low)],
      )));
      player.reset(Math.max(...names.map((name) => paths[name].evaluations.at(-1))));
      return true;
    },
  });
})();
