"use strict";
(() => {
  const { number, escape } = optbench;
  const MARK = "°";
  let setting = null;

  // {ladders, names, values}: levels held [ladder][optimizer], null where it was not run; best first.
  const table = (data, state) => {
    const way = setting ?? data.settings[0];
    const ladders = Object.keys(data.ladders).filter((ladder) =>
      state.optimizers.some((name) => data.ladders[ladder][name]?.[way]));
    const names = state.optimizers.filter((name) => ladders.some((ladder) => data.ladders[ladder][name]?.[way]));
    const own = ladders.map((ladder) => names.map((name) => data.ladders[ladder][name]?.[way] ?? null));
    const mean = names.map((_, k) => {
      const held = own.map((row) => row[k]).filter(Boolean).map(({ held: [level] }) => level);
      return optbench.stats.mean(held);
    });
    const order = names.map((_, k) => k).sort((a, b) => mean[b] - mean[a] || a - b);
    return { way, ladders, names: order.map((k) => names[k]), values: own.map((row) => order.map((k) => row[k])) };
  };

  const interval = ([, low, high]) => (low === null || high === null ? "" : low === high ? "" : ` [${low}, ${high}]`);
  const words = (data, ladder, name, own) => {
    if (!own) return `<b>${escape(name)}</b><br>${escape(ladder)}<br>not run`;
    const rates = own.lr.every((lr) => lr === own.lr[0]) ? `rate ${number(own.lr[0])}` : `rates ${own.lr.map((lr) => number(lr)).join(", ")}`;
    return `<b>${escape(name)}</b><br>${escape(ladder)}<br>holds up to level ${own.held[0]} of ${data.most[ladder]}${interval(own.held)}` +
      `<br>success by level (%): ${own.success.map((share) => Math.round(100 * share)).join(", ")}<br>${rates}`;
  };

  optbench.figure("levels", {
    title: "Up to which level of a difficulty an optimizer holds",
    group: "overview",
    paper: () => "'levels-*'",
    caption: (data) => "The highest level at which, and at all levels below which, half of the scoring lanes reach the target; 0: not even the first. " +
      `${MARK}: the levels were calibrated by what these do. Best on average first. A click shows the first level that is not held.`,
    controls(host, data, state, redraw) {
      const select = document.createElement("select");
      for (const way of data.settings) select.append(new Option(way, way));
      select.addEventListener("change", () => { setting = select.value; redraw(); });
      const label = document.createElement("label");
      label.append("rates ", select);
      host.append(label);
    },
    draw(host, data, state) {
      const { ladders, names, values } = table(data, state);
      if (!ladders.length || !names.length) return false;
      const known = host.follows;
      host.follows = true; // a click leads elsewhere than that on a problem
      optbench.cells.draw(host, {
        problems: ladders.map((ladder) => ({ label: ladder, kind_of: "" })),
        names: names.map((name) => (data.field.includes(name) ? `${name} ${MARK}` : name)),
        colours: values.map((row, p) => row.map((own) => own && own.held[0] / data.most[ladders[p]])),
        texts: values.map((row) => row.map((own) => (own ? `${own.held[0]}${interval(own.held)}` : "–"))),
        hovers: values.map((row, p) => row.map((own, k) => words(data, ladders[p], names[k], own))),
        ticks: [[0, "level 0"], [0.5, "half"], [1, "all"]],
      });
      host.click = (ladder, k) => {
        const own = values[ladders.indexOf(ladder)][k];
        const labels = data.labels[ladder];
        const label = labels[Math.min(own ? own.held[0] : 0, labels.length - 1)];
        optbench.set({ problem: optbench.data.drawn.includes(label) ? label : optbench.state.problem });
        document.getElementById("problem").scrollIntoView();
      };
      if (!known) {
        host.on("plotly_click", ({ points: [point] }) => {
          const { label } = host.problems(point);
          host.click(label, host.turned ? point.y : point.x);
        });
      }
      return true;
    },
    csv(data, state) {
      const { way, ladders, names, values } = table(data, state);
      return optbench.csv([["ladder", "optimizer", "rates", "held", "low", "high", "levels"],
        ...ladders.flatMap((ladder, p) => names.flatMap((name, k) => (values[p][k]
          ? [[ladder, name, way, ...values[p][k].held, data.most[ladder]]] : [])))]);
    },
  });
})();
