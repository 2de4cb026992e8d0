"use strict";
(() => {
  const MOST = 2; // bands that can be told apart: they are wide, and lie on each other

  const words = (name, own, i) => `<b>${optbench.escape(name)}</b><br>best of ${own.trials[i]} trials: ` +
    `${optbench.number(own.score[i] ?? Infinity)} ${own.unit}<br>band ${optbench.number(own.low[i] ?? -Infinity)} – ${optbench.number(own.high[i] ?? Infinity)}`;

  // The corners of steps: what holds from one number of trials up to the next.
  const stepped = (values) => values.flatMap((value, i) => (i ? [values[i - 1], value] : [value]));
  const corners = (trials) => trials.flatMap((value, i) => (i ? [value, value] : [value]));

  // Optimizers in the same unit, and those whose tuning went by another one: evaluations, if anyone
  // reached the target often enough, since what reached it is before what did not.
  const shown = (own, state) => {
    const names = state.optimizers.filter((name) => own?.[name]);
    const units = names.map((name) => own[name].unit);
    const unit = units.includes("evaluations") ? "evaluations" : units[0];
    return { unit, names: names.filter((name) => own[name].unit === unit), others: names.filter((name) => own[name].unit !== unit) };
  };

  optbench.figure("tuning_curves", {
    title: "What tuning is worth",
    group: "problem",
    applies: (data, state) => state.problem in data,
    caption(data, state) {
      const notes = Object.values(data[state.problem] ?? {}).map(({ note }) => note).filter(Boolean);
      const { others } = shown(data[state.problem], state);
      return "What the median best of so many trials costs on scoring lanes, chosen by tuning lanes, with a simultaneous 95 % band " +
        `(Lourie, Cho and He 2024)${notes.length ? `; ${notes[0]}` : ""}. No line: the target was never reached. Bands are drawn where at most ${MOST} optimizers are shown.` +
        (others.length ? ` Not shown, since too few of their lanes reached the target, so that they were tuned by another measure: ${others.join(", ")}.` : "");
    },
    draw(host, data, state) {
      const own = data[state.problem];
      const { unit, names } = shown(own, state);
      if (!names.length) return false;
      const linear = unit === "final f";
      const logs = (values) => (linear ? values : values.map((value) => (value > 0 ? Math.log10(value) : NaN)));
      const scores = logs(names.flatMap((name) => own[name].score).filter((value) => value !== null)).filter(Number.isFinite);
      if (!scores.length) return false;
      const [low, high] = optbench.labels.extremes(scores);
      const pad = 0.06 * (high - low) || 0.3;
      const range = [low - pad, high + pad];
      const [bottom, top] = linear ? range : range.map((value) => 10 ** value);
      const space = optbench.labels.space(host, names.length);
      const most = Math.max(...names.map((name) => own[name].trials.at(-1)));
      const ends = names.map((name) => ({ name, at: logs([own[name].score.at(-1) ?? NaN])[0] })).sort((a, b) => a.at - b.at);
      const cut = (values) => values.map((value) => (value === null ? null : Math.min(Math.max(value, bottom), top)));
      optbench.plot(host, [
        ...(names.length > MOST ? [] : names).map((name) => optbench.labels.area(name, { x: corners(own[name].trials), low: stepped(cut(own[name].low)), high: stepped(cut(own[name].high)) }, top, bottom)),
        ...names.map((name) => ({
          x: own[name].trials, y: own[name].score, mode: "lines", line: { ...optbench.line(name), shape: "hv" }, meta: name, optimizer: name,
          text: own[name].trials.map((_, i) => words(name, own[name], i)), hovertemplate: "%{text}<extra></extra>",
        })),
      ], {
        height: space.height, margin: space.margin, ...optbench.labels.names(ends, range, space),
        xaxis: optbench.axis({ type: "log", title: { text: "trials" }, range: [-0.02, Math.log10(most * 1.02)], tickvals: [1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 500, 1000] }),
        yaxis: linear ? optbench.axis({ title: { text: unit }, range }) : optbench.logAxis(unit === "evaluations" ? "evaluations of a success" : unit, range),
      });
      return true;
    },
  });
})();
