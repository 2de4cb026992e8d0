"use strict";
// What is drawn of optimizers that are hidden now vanishes with the click; the whole figure is drawn
// anew in a later frame. Traces, shapes and annotations of one optimizer name their `optimizer`.
(() => {
  const hides = (own) => own?.optimizer !== undefined && !optbench.state.optimizers.includes(own.optimizer);

  // Plotly keeps with the element of a trace what it is drawn from.
  const traceOf = (host, { __data__: own }) => host.data[(Array.isArray(own) ? own[0] : own)?.trace?.index];

  optbench.vanish = ({ host, vanished }) => {
    if (!host.data) return;
    const hide = (node) => { node.style.display = "none"; vanished.push(node); };
    host.querySelectorAll("g.trace").forEach((node) => hides(traceOf(host, node)) && hide(node));
    for (const [parts, own] of [[".annotation", "annotations"], [".shapelayer [data-index]", "shapes"]]) {
      host.querySelectorAll(parts).forEach((node) => hides(host.layout[own]?.[node.dataset.index]) && hide(node));
    }
  };

  // Plotly uses elements again.
  optbench.appear = ({ vanished }) => vanished.splice(0).forEach((node) => { node.style.display = ""; });
})();
