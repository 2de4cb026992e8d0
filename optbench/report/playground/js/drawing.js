"use strict";
// Pictures on canvases: axes, contours under a path, curves, the map of radii.
(() => {
  const INK = "#222222";
  const SOFT = "#5c5c5c";
  const LINE = "#8a8a8a";
  const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const MARGIN = { left: 58, right: 12, top: 8, bottom: 36 };

  // A canvas that is as wide as its place, in the device's pixels; the frame within its margins.
  const frame = (canvas, aspect) => {
    const width = canvas.parentElement.clientWidth;
    const across = width - MARGIN.left - MARGIN.right;
    const tall = Math.round(across * aspect);
    const height = tall + MARGIN.top + MARGIN.bottom;
    const ratio = devicePixelRatio || 1;
    Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.font = FONT;
    return { context, left: MARGIN.left, top: MARGIN.top, width: across, height: tall, canvas };
  };
  const scale = ({ left, top, width, height }, [x0, x1], [y0, y1]) => ({
    x: (value) => left + width * (value - x0) / (x1 - x0),
    y: (value) => top + height * (1 - (value - y0) / (y1 - y0)),
    back: (px, py) => [x0 + (px - left) / width * (x1 - x0), y0 + (1 - (py - top) / height) * (y1 - y0)],
  });

  const axes = (own, at, { x, y, xText, yText }) => {
    const { context, left, top, width, height } = own;
    Object.assign(context, { strokeStyle: LINE, fillStyle: INK, lineWidth: 1, textAlign: "center", textBaseline: "top" });
    context.strokeRect(left + 0.5, top + 0.5, width, height);
    for (const [value, text] of x) {
      context.fillRect(at.x(value), top + height, 1, 4);
      context.fillText(text, at.x(value), top + height + 6);
    }
    Object.assign(context, { textAlign: "right", textBaseline: "middle" });
    for (const [value, text] of y) {
      context.fillRect(left - 4, at.y(value), 4, 1);
      context.fillText(text, left - 7, at.y(value));
    }
    Object.assign(context, { fillStyle: SOFT, textAlign: "center", textBaseline: "bottom" });
    context.fillText(xText, left + width / 2, top + height + MARGIN.bottom);
    context.save();
    context.translate(11, top + height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(yText, 0, 2);
    context.restore();
  };
  const inside = ({ context, left, top, width, height }, draw) => {
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    draw(context);
    context.restore();
  };

  const line = (context, points, colour, width = 2, dash = []) => {
    context.beginPath();
    points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    Object.assign(context, { strokeStyle: colour, lineWidth: width, lineJoin: "round" });
    context.setLineDash(dash);
    context.stroke();
    context.setLineDash([]);
  };
  // Points in pixels up to the first one that is far outside: canvases draw no line that ends at 1e100.
  const FAR = 1e5;
  const visible = (points) => {
    const left = points.findIndex((point) => Math.max(...point.map(Math.abs)) > FAR);
    if (left < 1) return points;
    const before = points[left - 1];
    const step = points[left].map((value, i) => value - before[i]);
    const share = FAR / Math.max(...step.map(Math.abs));
    return [...points.slice(0, left), before.map((value, i) => value + Math.min(1, share) * step[i])];
  };
  const dot = (context, [x, y], { radius = 5, fill = "#fff", edge = "#000" } = {}) => {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    Object.assign(context, { fillStyle: fill, strokeStyle: edge, lineWidth: 1.5 });
    context.fill();
    context.stroke();
  };
  const cross = (context, [x, y], reach = 6) => {
    for (const [colour, width] of [["#000", 5], ["#fff", 2]]) {
      line(context, [[x - reach, y - reach], [x + reach, y + reach]], colour, width);
      line(context, [[x - reach, y + reach], [x + reach, y - reach]], colour, width);
    }
  };

  // Level lines of x'Ax / 2: ellipses, each level four times the one before.
  const contours = (context, at, { condition, rotation }, most) => {
    const angle = rotation * Math.PI / 180;
    for (let level = most; level > most * 1e-7; level /= 4) {
      const [along, across] = [Math.sqrt(2 * level), Math.sqrt(2 * level * condition)];
      const points = Array.from({ length: 121 }, (_, i) => {
        const turn = 2 * Math.PI * i / 120;
        const [u, v] = [along * Math.cos(turn), across * Math.sin(turn)];
        return [at.x(u * Math.cos(angle) - v * Math.sin(angle)), at.y(u * Math.sin(angle) + v * Math.cos(angle))];
      });
      line(context, points, "#b4c3d2", 1);
    }
  };

  // A canvas of size x size pixels with the colour at each place, from 0 to the right and upwards.
  const picture = (size, colour) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
    const own = canvas.getContext("2d");
    const pixels = own.createImageData(size, size);
    for (let i = 0; i < size * size; i += 1) {
      pixels.data.set([...colour((i % size + 0.5) / size, 1 - (Math.floor(i / size) + 0.5) / size), 255], 4 * i);
    }
    own.putImageData(pixels, 0, 0);
    return canvas;
  };

  // Stops "#rrggbb" -> a colour for each share from 0 to 1.
  const colours = (stops) => {
    const rgb = stops.map((stop) => [1, 3, 5].map((i) => parseInt(stop.slice(i, i + 2), 16)));
    return (share) => {
      const at = Math.min(Math.max(share, 0), 1) * (rgb.length - 1);
      const k = Math.min(Math.floor(at), rgb.length - 2);
      return rgb[k].map((value, i) => value + (at - k) * (rgb[k + 1][i] - value));
    };
  };

  Object.assign(playground, { frame, scale, axes, inside, line, visible, dot, cross, contours, picture, colours });
})();
