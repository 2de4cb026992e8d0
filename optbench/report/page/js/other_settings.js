"use strict";
// The table at other settings and budgets than the tuned one at the whole: computed from the lanes.
(() => {
  const { number, intervals, state } = optbench;
  const percent = (share) => `${Math.round(100 * share)} %`;
  const cell = (text, beside) => {
    const td = document.createElement("td");
    td.className = beside ? "beside" : "number";
    td.textContent = text;
    return td;
  };
  const range = (low, high, form) => (Number.isNaN(low) ? "" : `[${form(low)},\u00a0${form(high)}]`);

  const numbers = (lanes) => {
    const n = lanes.reached.length;
    const reached = lanes.reached.reduce((a, b) => a + b, 0);
    const [share, low, high] = intervals.wilson(reached, n);
    const spent = intervals.median(lanes.cost.map((cost, i) => (lanes.reached[i] ? cost : Infinity)));
    const gaps = lanes.log_gap.every((v) => v !== null) ? intervals.medianInterval(lanes.log_gap) : null;
    const cost = reached ? lanes.cost.reduce((a, b) => a + b, 0) / reached : Infinity;
    const whole = (v) => String(Math.round(100 * v));
    const power = (v) => number(10 ** v);
    return [
      [percent(share), `${reached} of ${n} ${range(low, high, whole)}`, -share],
      [Number.isFinite(spent) ? String(Math.round(spent)) : "not reached", null, spent],
      [Number.isFinite(cost) ? number(cost) : "–", null, cost],
      gaps ? [power(gaps[0]), range(gaps[1], gaps[2], power), gaps[0]] : ["–", "", Infinity],
      [number(lanes.lr), null, lanes.lr ?? Infinity],
    ];
  };

  const row = (label, optimizer) => {
    const lanes = optbench.lanes(label, optimizer);
    if (!lanes) return [];
    const cells = numbers(lanes);
    return [{
      label, optimizer, values: [label, optimizer, ...cells.map(([, , value]) => value)],
      text: () => `${label} ${optimizer}`.toLowerCase(),
      element() {
        const tr = document.createElement("tr");
        tr.append(...[label, optimizer].map((name) => Object.assign(document.createElement("td"), { textContent: name })));
        cells.forEach(([text, beside]) => tr.append(cell(text), ...(beside === null ? [] : [cell(beside, true)])));
        return tr;
      },
    }];
  };

  const kept = new Map();
  const rowsOf = () => {
    const key = `${state.setting}/${state.budget}`;
    if (!kept.has(key)) {
      kept.set(key, optbench.data.problems.flatMap(({ label }) =>
        Object.keys(optbench.data.pairs[label] ?? {}).flatMap((optimizer) => row(label, optimizer))
          .sort((a, b) => a.values[4] - b.values[4] || a.values[5] - b.values[5])));
    }
    return kept.get(key);
  };

  const isTuned = () => state.setting === "tuned" && state.budget === 1;
  const [tuned, other] = ["tuned-table", "other-table"].map((id) => document.getElementById(id));
  const none = [];
  optbench.on(() => {
    tuned.hidden = !isTuned();
    other.hidden = isTuned();
    document.getElementById("which").textContent =
      `Setting: ${state.setting}${state.budget === 1 ? "" : `; with ${Math.round(100 * state.budget)} % of each budget: ` +
      "settings were chosen for all of it, and schedules are made for it"}.`;
  });
  optbench.tables.live(document.getElementById("other-rows"), () => (isTuned() ? none : rowsOf()));
})();
