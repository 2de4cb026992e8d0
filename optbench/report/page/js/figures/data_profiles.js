"use strict";
(() => {
  const UNITS = { evaluations: "gradient evaluations", simplex: "evaluations / (dimension + 1)" };
  let unit = "evaluations";

  optbench.figure("data_profiles", {
    title: "Data profiles",
    group: "overview",
    paper: () => "data-profiles",
    caption: ({ targets }, state) => "Share of problems on which a success costs at most so many evaluations (Moré and Wild 2009). Who else is shown moves no line." +
      optbench.partlyRun(optbench.costs(targets, state)),
    controls(host, data, state, redraw) {
      const select = document.createElement("select");
      for (const [value, text] of Object.entries(UNITS)) select.append(new Option(text, value));
      select.addEventListener("change", () => { unit = select.value; redraw(); });
      const label = document.createElement("label");
      label.append("in ", select);
      host.append(label);
    },
    draw(host, { targets }, state) {
      const { problems, names, values, ran } = optbench.costs(targets, state);
      if (!problems.length || !names.length) return false;
      const own = unit === "simplex" ? optbench.stats.simplexGradients(values, problems.map(({ dim }) => dim)) : values;
      const finite = own.flat().filter(Number.isFinite);
      if (!finite.length) return false;
      const [first, last] = optbench.labels.extremes(finite);
      const curves = names.map((name, k) => {
        const [at, height] = optbench.stats.steps(own.map((row) => row[k]));
        return { name, ran: ran[k], at, height, words: (cost) => `of problems within ${optbench.number(cost)} ${UNITS[unit]}` };
      });
      optbench.distributions(host, curves, {
        first: first / 1.2, last: last * 1.2, axis: UNITS[unit], title: `share of ${problems.length} problems`, all: problems.length,
      });
      return true;
    },
  });
})();
