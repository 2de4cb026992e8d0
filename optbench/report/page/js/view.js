"use strict";
// The toolbar and the choice of a problem: what sets the state of the view, and shows it.
(() => {
  const { state, set } = optbench;
  const find = (id) => document.getElementById(id);
  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const unique = (values) => [...new Set(values)];

  // ----------------------------------------------------------------------------------- optimizers

  const DASHES = { solid: "", dash: "5 2", dot: "1.5 1.5", dashdot: "5 2 1.5 2" };
  const swatch = ({ colour, dash }) => {
    const svg = document.importNode(find("swatch").content, true).firstElementChild;
    svg.firstElementChild.setAttribute("stroke", colour);
    svg.firstElementChild.setAttribute("stroke-dasharray", DASHES[dash]);
    return svg;
  };
  const chips = new Map();
  const toggle = (name) => {
    const shown = new Set(state.optimizers);
    if (!shown.delete(name)) shown.add(name);
    // In the order of the data, whatever the order of the clicks.
    set({ optimizers: optbench.data.optimizers.map((own) => own.name).filter((own) => shown.has(own)) });
  };
  const makeChips = () => {
    for (const own of optbench.data.optimizers) {
      const chip = element("button", {
        type: "button", className: "chip", title: `${own.name}${own.stored ? ", of another run" : ""}: click to show or hide, double click for it alone`,
      }, swatch(own), element("span", { textContent: own.name }));
      chip.style.order = own.stored ? 1 : 0; // the run's own first, whatever is drawn first
      chip.addEventListener("click", () => toggle(own.name));
      chip.addEventListener("dblclick", () => set({ optimizers: [own.name] }));
      chips.set(own.name, chip);
      document.querySelector(".chips").append(chip);
    }
    find("every").addEventListener("click", () => set({ optimizers: [...chips.keys()] }));
    find("none").addEventListener("click", () => set({ optimizers: [] }));
  };

  // -------------------------------------------------------------------------------------- choices

  const fill = (key, options, parse = String) => {
    const select = find(key);
    select.append(...options.map(([value, text]) => element("option", { value, textContent: text })));
    select.addEventListener("change", () => set({ [key]: select.value === "" ? "" : parse(select.value) }));
  };
  const same = (values) => values.map((value) => [value, value]);
  const makeChoices = () => {
    const { problems } = optbench.data;
    fill("kind", [["", "all"], ...same(unique(problems.map((own) => own.kind_of)))]);
    fill("tag", [["", "all"], ...same(unique(problems.flatMap((own) => own.tags)).sort())]);
    fill("dim", [["", "all"], ...same(unique(problems.map((own) => own.dim)).sort((a, b) => a - b))], Number);
    fill("setting", same(["tuned", "default", "one for the kind"]));
    fill("metric", [["evaluations", "cost of a success"], ["gap", "gap at the end"]]);
    fill("budget", [[1, "all of it"], [0.3, "30 %"], [0.1, "10 %"], [0.03, "3 %"]], Number);
  };

  // ----------------------------------------------------------------------------------- one problem

  // Those of the state's kind, tag and dimension; all where it leaves none that is drawn.
  const choosable = () => {
    const drawn = new Set(optbench.data.drawn);
    const chosen = optbench.problems().filter(({ label }) => drawn.has(label));
    return chosen.length ? chosen : optbench.data.problems.filter(({ label }) => drawn.has(label));
  };
  const step = (by) => {
    const labels = choosable().map(({ label }) => label);
    const at = labels.indexOf(state.problem);
    set({ problem: labels[(at + by + labels.length) % labels.length] });
  };
  const stepDim = (by) => {
    const current = optbench.problem(state.problem);
    const same = optbench.data.problems.filter((own) => own.problem === current.problem);
    const next = same[same.indexOf(current) + by];
    if (next && optbench.data.drawn.includes(next.label)) set({ problem: next.label });
  };
  const makeProblem = () => {
    find("one").addEventListener("change", (event) => set({ problem: event.target.value }));
    find("back").addEventListener("click", () => step(-1));
    find("forth").addEventListener("click", () => step(1));
    document.addEventListener("keydown", (event) => {
      const keys = { ArrowLeft: -1, ArrowRight: 1 };
      const writing = event.target.closest?.("input, select, textarea, .table, [contenteditable]");
      if (!(event.key in keys) || writing || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      (event.shiftKey ? stepDim : step)(keys[event.key]);
    });
  };
  let listed = "";
  const showProblem = () => {
    const list = choosable();
    if (list.length && !list.some(({ label }) => label === state.problem)) state.problem = list[0].label;
    const key = list.map(({ label }) => label).join("\n");
    if (key !== listed) {
      const groups = unique(list.map(({ kind_of: kind }) => kind)).map((kind) => element(
        "optgroup", { label: kind }, ...list.filter((own) => own.kind_of === kind)
          .map(({ label }) => element("option", { value: label, textContent: label }))));
      find("one").replaceChildren(...groups);
      listed = key;
    }
    find("one").value = state.problem;
    const own = optbench.problem(state.problem);
    if (!own) return;
    const dims = optbench.data.problems.filter(({ problem, label }) =>
      problem === own.problem && optbench.data.drawn.includes(label));
    find("dims").replaceChildren(...(dims.length < 2 ? [] : ["dimension ", ...dims.map(({ label, dim }) => {
      const button = element("button", { type: "button", textContent: dim, disabled: label === own.label, title: "Shift + ← or →" });
      button.addEventListener("click", () => set({ problem: label }));
      return button;
    })]));
    find("about").textContent = `${own.kind_of}${own.tags.length ? ` · ${own.tags.join(" · ")}` : ""}. ` +
      `Target: ${own.target_text}. f_ref = ${optbench.number(own.f_ref)} (${own.f_ref_source}).`;
  };

  // ----------------------------------------------------------------------------------------------

  optbench.on(() => {
    if (!chips.size) {
      makeChips();
      makeChoices();
      makeProblem();
    }
    chips.forEach((chip, name) => chip.setAttribute("aria-pressed", state.optimizers.includes(name)));
    for (const key of ["kind", "tag", "dim", "setting", "metric", "budget"]) find(key).value = state[key];
    showProblem();
  });

  // What is scrolled to stands below the toolbar.
  new ResizeObserver(([{ target }]) => {
    document.documentElement.style.scrollPaddingTop = `${target.offsetHeight + 8}px`;
  }).observe(find("toolbar"));

  document.querySelectorAll("nav a").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault(); // the address holds the state of the view
    document.querySelector(link.getAttribute("href")).scrollIntoView({ behavior: "smooth" });
  }));

  const copy = find("copy");
  copy?.addEventListener("click", () => {
    // Selecting works on pages opened from a folder too, where the clipboard may be closed.
    getSelection().selectAllChildren(find("command"));
    copy.textContent = document.execCommand("copy") ? "Copied" : "Selected";
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  });
})();
