"use strict";
// Tables: sorting by a click on a column's head, filtering by words and by the state of the view,
// and a hundred rows at a time. A row is {label, optimizer, values, element(), text()}: what it is
// about, what it is sorted by, and its element, which exists for shown rows alone.
optbench.tables = (() => {
  const PAGE = 100;

  const button = (textContent) => Object.assign(document.createElement("button"), { type: "button", textContent });
  const controls = (table) => {
    const bar = document.createElement("p");
    bar.className = "tools";
    const filter = Object.assign(document.createElement("input"), {
      type: "search", placeholder: "filter: adam rosen", autocomplete: "off",
    });
    filter.setAttribute("aria-label", "Filter rows: all words must occur");
    const count = document.createElement("span");
    const [back, forth] = [button("‹ 100 before"), button("100 after ›")];
    bar.append(filter, count, back, forth);
    table.parentElement.before(bar);
    return { filter, count, back, forth };
  };

  const compare = (a, b, numeric) => {
    if (!numeric) return a.localeCompare(b);
    const [x, y] = [Number(a), Number(b)];
    return x === y ? 0 : x < y ? -1 : 1;
  };

  // What is hidden, not what is shown: pairs that were not run may be of neither.
  const hiddenNames = (state) => {
    const chosen = new Set(optbench.problems());
    const { problems, optimizers } = optbench.data;
    return {
      labels: new Set(problems.filter((own) => !chosen.has(own)).map(({ label }) => label)),
      optimizers: new Set(optimizers.map(({ name }) => name).filter((name) => !state.optimizers.includes(name))),
    };
  };

  // Bring a table to life; `rowsOf(state)` gives its rows, the same array where they are the same.
  const live = (table, rowsOf) => {
    const heads = [...table.tHead.rows[0].cells];
    const { filter, count, back, forth } = controls(table);
    const view = { page: 0, column: -1, sign: 1, near: false, stale: true };
    let rows = [];
    let order = rows;
    let hidden = { labels: new Set(), optimizers: new Set() };
    nameCells(table);
    table.classList.add("listed");

    const matches = (row, terms) =>
      !hidden.labels.has(row.label) && !hidden.optimizers.has(row.optimizer) &&
      (!terms.length || terms.every((term) => row.text().includes(term)));
    const arrange = () => {
      const numeric = view.column >= 0 && !heads[view.column].classList.contains("text");
      order = view.column < 0 ? rows : rows.map((row, place) => [row, place]).sort(([a, i], [b, k]) =>
        view.sign * compare(a.values[view.column], b.values[view.column], numeric) || i - k).map(([row]) => row);
    };
    const show = (every = false) => {
      view.stale = false;
      const terms = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      const matching = order.filter((row) => matches(row, terms));
      view.page = Math.max(0, Math.min(view.page, Math.ceil(matching.length / PAGE) - 1));
      const first = every ? 0 : view.page * PAGE;
      const shown = matching.slice(first, every ? undefined : first + PAGE);
      let last = null;
      const elements = shown.map((row) => {
        const element = row.element();
        element.classList.toggle("first", last !== null && row.label !== last && view.column < 0);
        last = row.label;
        return element;
      });
      table.tBodies[0].replaceChildren(...elements);
      const several = matching.length > PAGE;
      count.textContent = several ? `rows ${first + 1}–${first + shown.length} of ${matching.length}`
        : `${matching.length} of ${rows.length} rows`;
      back.hidden = forth.hidden = !several;
      back.disabled = first === 0;
      forth.disabled = first + shown.length === matching.length;
    };

    heads.forEach((head, index) => {
      const own = button("");
      own.append(...head.childNodes);
      head.append(own);
      own.addEventListener("click", () => {
        view.sign = view.column === index ? -view.sign : 1;
        view.column = index;
        view.page = 0;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", view.sign > 0 ? "ascending" : "descending");
        arrange();
        show();
      });
    });
    filter.addEventListener("input", () => { view.page = 0; show(); });
    const turn = (by) => { view.page += by; show(); table.parentElement.scrollTop = 0; };
    back.addEventListener("click", () => turn(-1));
    forth.addEventListener("click", () => turn(1));
    addEventListener("beforeprint", () => show(true));
    addEventListener("afterprint", () => show());
    new IntersectionObserver((seen) => {
      view.near = seen[seen.length - 1].isIntersecting;
      if (view.near && view.stale) show();
    }, { rootMargin: "300px" }).observe(table.parentElement);
    optbench.on((state) => {
      const next = rowsOf(state);
      hidden = hiddenNames(state);
      if (next !== rows) {
        rows = next;
        arrange();
      }
      view.stale = true;
      if (view.near) show();
    });
  };

  // On narrow screens a row is a list: each number has the name of its column before it.
  const nameCells = (table) => {
    let place = 1;
    const rules = [...table.tHead.rows[0].cells].map((head) => {
      const rule = `#${table.id} td:nth-child(${place})::before { content: ${JSON.stringify(`${head.textContent} `)}; }`;
      place += head.colSpan;
      return rule;
    });
    const style = document.createElement("style");
    style.textContent = `@media screen and (max-width: 1100px) { ${rules.join(" ")} }`;
    document.head.append(style);
  };

  // Rows that the page came with say by data-v what they are sorted by.
  const staticRows = (table) => [...table.tBodies[0].rows].map((element) => {
    let words = null;
    return {
      ...element.dataset, element: () => element,
      text: () => (words ??= element.textContent.toLowerCase()),
      values: [...element.querySelectorAll("[data-v]")].map((cell) => cell.dataset.v),
    };
  });

  document.querySelectorAll("table.rows").forEach((table) => {
    const rows = staticRows(table);
    live(table, () => rows);
  });
  return { live };
})();
