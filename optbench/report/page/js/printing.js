"use strict";
// On paper there are all figures, not those alone that were scrolled to. A browser that prints waits
// for nothing, so that what draws them is loaded before anybody asks.
(() => {
  const PAPER = 700; // pixels of a sheet's width
  const drawn = (pixels) => window.Plotly && optbench.drawAll(pixels);
  addEventListener("beforeprint", () => drawn(PAPER));
  addEventListener("afterprint", () => drawn());
  addEventListener("load", () => (window.requestIdleCallback ?? setTimeout)(optbench.loadPlotly));
})();
