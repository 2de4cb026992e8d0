"use strict";
(() => {
  const body = document.querySelector("#rows tbody");
  const heads = [...document.querySelectorAll("#rows th")];
  const rows = [...body.rows].map((row, place) => ({
    row, place,
    words: row.textContent.toLowerCase(),
    label: row.cells[0].dataset.v,
    values: [...row.querySelectorAll("[data-v]")].map((cell) => cell.dataset.v),
  }));
  const order = new Map();
  rows.forEach(({ label }) => order.has(label) || order.set(label, order.size));
  const filter = document.querySelector("#filter");
  const together = document.querySelector("#together");
  let column = -1;
  let sign = 1;

  const compare = (a, b, numeric) => {
    if (!numeric) return a.localeCompare(b);
    const [x, y] = [Number(a), Number(b)];
    return x === y ? 0 : x < y ? -1 : 1;
  };

  const show = () => {
    const numeric = column >= 0 && !heads[column].classList.contains("text");
    const sorted = rows.slice().sort((a, b) => {
      const group = together.checked && column !== 0 ? order.get(a.label) - order.get(b.label) : 0;
      const own = column < 0 ? 0 : sign * compare(a.values[column], b.values[column], numeric);
      return group || own || a.place - b.place;
    });
    const terms = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let last = null;
    let seen = 0;
    for (const { row, words, label } of sorted) {
      row.hidden = !terms.every((term) => words.includes(term));
      if (!row.hidden) {
        row.classList.toggle("first", label !== last && last !== null && together.checked);
        last = label;
        seen += 1;
      }
    }
    body.append(...sorted.map(({ row }) => row));
    document.querySelector("#shown").textContent = `${seen} of ${rows.length} rows`;
  };

  heads.forEach((head, index) =>
    head.querySelector("button").addEventListener("click", () => {
      sign = column === index ? -sign : 1;
      column = index;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      show();
    }));
  filter.addEventListener("input", show);
  together.addEventListener("change", show);
  show();

  const problems = [...document.querySelectorAll("details.problem")];
  document.querySelector("#open")?.addEventListener("click", () => problems.forEach((p) => (p.open = true)));
  document.querySelector("#close")?.addEventListener("click", () => problems.forEach((p) => (p.open = false)));
  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", reveal);
  reveal();

  const copy = document.querySelector("#copy");
  copy.addEventListener("click", () => {
    // Selecting works on pages opened from a folder too, where the clipboard may be closed.
    getSelection().selectAllChildren(document.querySelector("#command"));
    copy.textContent = document.execCommand("copy") ? "Copied" : "Selected";
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  });
})();
