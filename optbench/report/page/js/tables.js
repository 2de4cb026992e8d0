"use strict";
// Tables: sorting by a click on a column's head, filtering by words and by the state of the view,
// and a hundred rows at a time. Rows say by data-label and data-optimizer what they are about, and
// cells by data-v what they are sorted by.
(() => {
  const PAGE = 100;

  const controls = (table) => {
    const bar = document.createElement("p");
    bar.className = "tools";
    const filter = Object.assign(document.createElement("input"), {
      type: "search", placeholder: "filter: adam rosen", autocomplete: "off",
    });
    filter.setAttribute("aria-label", "Filter rows: all words must occur");
    const count = document.createElement("span");
    const back = Object.assign(document.createElement("button"), { type: "button", textContent: "‹ 100 before" });
    const forth = Object.assign(document.createElement("button"), { type: "button", textContent: "100 after ›" });
    bar.append(filter, count, back, forth);
    table.parentElement.before(bar);
    return { filter, count, back, forth };
  };

  const compare = (a, b, numeric) => {
    if (!numeric) return a.localeCompare(b);
    const [x, y] = [Number(a), Number(b)];
    return x === y ? 0 : x < y ? -1 : 1;
  };

  const live = (table) => {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...body.rows].map((row, place) => ({
      row, place, words: null, ...row.dataset,
      values: [...row.querySelectorAll("[data-v]")].map((cell) => cell.dataset.v),
    }));
    const { filter, count, back, forth } = controls(table);
    let order = rows;
    let page = 0;
    let column = -1;
    let sign = 1;
    let near = false;
    let stale = true;
    let hidden = { labels: new Set(), optimizers: new Set() };

    const shows = (row, terms) => {
      if (hidden.labels.has(row.label) || hidden.optimizers.has(row.optimizer)) return false;
      if (!terms.length) return true;
      row.words ??= row.row.textContent.toLowerCase();
      return terms.every((term) => row.words.includes(term));
    };
    const show = (every = false) => {
      stale = false;
      const terms = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      const matching = order.filter((row) => shows(row, terms));
      page = Math.max(0, Math.min(page, Math.ceil(matching.length / PAGE) - 1));
      const shown = every ? matching : matching.slice(page * PAGE, (page + 1) * PAGE);
      let last = null;
      for (const { row, label } of shown) {
        row.classList.toggle("first", last !== null && label !== last && column < 0);
        last = label;
      }
      body.replaceChildren(...shown.map(({ row }) => row));
      const [from, to] = [page * PAGE + 1, page * PAGE + shown.length];
      const several = matching.length > PAGE;
      count.textContent = several ? `rows ${from}–${to} of ${matching.length}` : `${matching.length} of ${rows.length} rows`;
      back.hidden = forth.hidden = !several;
      back.disabled = page === 0;
      forth.disabled = to === matching.length;
    };
    const sort = (index) => {
      sign = column === index ? -sign : 1;
      column = index;
      const numeric = !heads[index].classList.contains("text");
      order = rows.slice().sort((a, b) =>
        sign * compare(a.values[index], b.values[index], numeric) || a.place - b.place);
      heads.forEach((head) => head.removeAttribute("aria-sort"));
      heads[index].setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      page = 0;
      show();
    };

    heads.forEach((head, index) => {
      const button = Object.assign(document.createElement("button"), { type: "button" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(index));
    });
    filter.addEventListener("input", () => { page = 0; show(); });
    const turn = (by) => { page += by; show(); table.parentElement.scrollTop = 0; };
    back.addEventListener("click", () => turn(-1));
    forth.addEventListener("click", () => turn(1));
    addEventListener("beforeprint", () => show(true));
    addEventListener("afterprint", () => show());
    optbench.on((state) => {
      // What is hidden, not what is shown: pairs that were not run may be of neither.
      const chosen = new Set(optbench.problems());
      const { problems, optimizers } = optbench.data;
      hidden = {
        labels: new Set(problems.filter((own) => !chosen.has(own)).map(({ label }) => label)),
        optimizers: new Set(optimizers.map(({ name }) => name).filter((name) => !state.optimizers.includes(name))),
      };
      stale = true;
      if (near) show();
    });
    new IntersectionObserver((seen) => {
      near = seen[seen.length - 1].isIntersecting;
      if (near && stale) show();
    }, { rootMargin: "300px" }).observe(table.parentElement);
  };

  document.querySelectorAll("table.rows").forEach(live);
})();
