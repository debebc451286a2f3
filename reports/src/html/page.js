"use strict";
// Sorting and filtering of what is on the page already. What is chosen stands behind a question mark
// after the section in the address, so that a link or a reload shows the same.
(() => {
  const UNITS = {
    K: 1e3, M: 1e6, B: 1e9, T: 1e12,
    ns: 1e-9, "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86400,
    KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4, "%": 0.01,
  };
  const NUMBER = /([−+-]?)\$?(\d[\d\u202f]*(?:\.\d+)?)([\u00a0 ]?)([A-Za-zµ%]*)/;

  /** The first number of a cell in its smallest unit, or none. */
  function value(cell) {
    const found = NUMBER.exec((cell.querySelector("strong") || cell).textContent);
    if (!found) return null;
    // `1.2B` is a billion, `512 B` are bytes.
    const unit = found[3] && found[4] === "B" ? 1 : (UNITS[found[4]] ?? 1);
    const size = Number(found[2].replaceAll("\u202f", "")) * unit;
    return found[1] === "−" || found[1] === "-" ? -size : size;
  }

  const tables = [...document.querySelectorAll(".scroll > table")];
  const state = { sorts: new Map(), tags: new Set() };

  function heads(table) {
    return [...table.tHead.rows[0].cells];
  }

  /** Rows between the headings of groups; those keep their places. */
  function groups(table) {
    const all = [[]];
    for (const row of table.tBodies[0].rows) {
      if (row.classList.contains("group")) all.push([row]);
      else all[all.length - 1].push(row);
    }
    return all;
  }

  function sort(table, column, descending) {
    const numeric = heads(table)[column].classList.contains("num");
    const key = (row) => {
      const cell = row.cells[column];
      if (!cell || cell.colSpan > 1) return null;
      return numeric ? value(cell) : cell.textContent.trim();
    };
    const compare = (a, b) => {
      // What has no value stands last either way.
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      const order = numeric ? a.key - b.key : a.key.localeCompare(b.key);
      return descending ? -order : order;
    };
    const body = table.tBodies[0];
    for (const group of groups(table)) {
      const first = group[0] && group[0].classList.contains("group") ? group.shift() : null;
      const rows = group.map((row) => ({ row, key: key(row) }));
      rows.sort(compare);
      if (first) body.append(first);
      body.append(...rows.map((one) => one.row));
    }
    heads(table).forEach((head, index) => {
      if (index !== column) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    });
  }

  tables.forEach((table, index) => {
    if (table.tBodies[0].rows.length < 3) return;
    heads(table).forEach((head, column) => {
      // No element `button`: a browser leaves its words out of headings that are repeated on the next
      // sheet of paper, and may break a line between it and the mark of a note beside it.
      const button = document.createElement("span");
      button.className = "sort";
      button.setAttribute("role", "button");
      button.tabIndex = 0;
      // The mark is a link of its own, and stays beside what sorts.
      const mark = head.querySelector("a.how");
      mark?.remove();
      button.append(...head.childNodes);
      head.append(button);
      if (mark) head.append(mark);
      button.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        button.click();
      });
      button.addEventListener("click", () => {
        // Largest first for numbers, A first for words; again turns it round.
        const now = state.sorts.get(index);
        const first = head.classList.contains("num");
        const descending = now && now.column === column ? !now.descending : first;
        state.sorts.set(index, { column, descending });
        sort(table, column, descending);
        write();
      });
    });
  });

  const tagged = [...document.querySelectorAll("[data-tags]")];
  const known = new Set();
  for (const one of tagged) for (const tag of one.dataset.tags.split("|")) known.add(tag);

  function filter() {
    let shown = 0;
    for (const one of tagged) {
      const tags = new Set(one.dataset.tags.split("|"));
      one.hidden = [...state.tags].some((tag) => !tags.has(tag));
      shown += one.hidden ? 0 : 1;
    }
    for (const bar of bars) {
      for (const button of bar.querySelectorAll("button")) {
        button.setAttribute("aria-pressed", String(state.tags.has(button.dataset.tag)));
      }
      bar.querySelector("output").value = state.tags.size
        ? `${shown} of ${tagged.length} entries shown`
        : "";
    }
  }

  const bars = ["matrix", "technologies"]
    .map((id) => document.getElementById(id))
    .filter((section) => section && section.querySelector("[data-tags]"))
    .map((section) => {
      const bar = document.createElement("div");
      bar.className = "filter";
      bar.setAttribute("role", "group");
      bar.setAttribute("aria-label", "Show technologies with");
      for (const tag of [...known].sort()) {
        const button = document.createElement("button");
        button.type = "button";
        button.dataset.tag = tag;
        button.textContent = tag;
        button.addEventListener("click", () => {
          if (!state.tags.delete(tag)) state.tags.add(tag);
          filter();
          write();
        });
        bar.append(button);
      }
      bar.append(document.createElement("output"));
      section.querySelector("h2").after(bar);
      return bar;
    });

  function parts() {
    const [section, query] = location.hash.slice(1).split("?");
    return { section, query: new URLSearchParams(query ?? "") };
  }

  function write() {
    const query = new URLSearchParams();
    for (const [table, { column, descending }] of state.sorts) {
      query.append("sort", `${table}.${column}.${descending ? "d" : "a"}`);
    }
    for (const tag of state.tags) query.append("tag", tag);
    const text = query.toString();
    const hash = parts().section + (text ? `?${text}` : "");
    history.replaceState(null, "", `#${hash}`);
  }

  function read() {
    const { section, query } = parts();
    if ([...query].length === 0 && (state.sorts.size || state.tags.size)) {
      // A link to a section was followed: what is chosen stays.
      write();
      return;
    }
    state.tags = new Set(query.getAll("tag").filter((tag) => known.has(tag)));
    for (const text of query.getAll("sort")) {
      const [table, column] = text.split(".").map(Number);
      const head = tables[table] && heads(tables[table])[column];
      if (!head || !head.querySelector(".sort")) continue;
      const descending = text.endsWith("d");
      state.sorts.set(table, { column, descending });
      sort(tables[table], column, descending);
    }
    filter();
    if (query.size) document.getElementById(section)?.scrollIntoView();
  }

  addEventListener("hashchange", read);
  read();

  // How a number came about, over the number that is pointed at or the mark that has the focus.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  // The mark names its note as its description, so nothing is said twice.
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  let waiting = 0;
  let shownAt = null;

  /** The marks that speak for what is in a place: its own, its row's and its column's, or its table's. */
  function marks(place) {
    const own = [...place.querySelectorAll("a.how")];
    const cell = place.closest("td, th[scope=row]");
    if (!cell) return own;
    const table = cell.closest("table");
    const row = cell.parentElement;
    const column = cell.colSpan > 1 ? null : table.tHead?.rows[0]?.cells[cell.cellIndex];
    const found = new Set([
      ...(own.length ? own : (column?.querySelectorAll("a.how") ?? [])),
      ...row.querySelectorAll("a.how"),
    ]);
    // What a row has for one of its cells does not speak for the words in another.
    if (cell.matches("th")) return own;
    return found.size ? [...found] : [...(table.caption?.querySelectorAll("a.how") ?? [])];
  }

  function show(place, found) {
    const notes = new Set(found.map((mark) => document.getElementById(mark.hash.slice(1))));
    notes.delete(null);
    if (!notes.size) return;
    tip.replaceChildren(...[...notes].map((note) => {
      const line = document.createElement("p");
      line.append(...[...note.childNodes].map((node) => node.cloneNode(true)));
      return line;
    }));
    shownAt = place;
    tip.hidden = false;
    // Its width is that of its words only where it has room for them.
    tip.style.left = "0";
    const at = place.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const room = document.documentElement.clientWidth;
    const left = Math.max(8, Math.min(at.left, room - size.width - 8));
    const above = at.top - size.height - 6;
    const below = at.bottom + 6;
    const fits = below + size.height <= innerHeight || above < 0;
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${(fits ? below : above) + scrollY}px`;
  }

  function hide() {
    clearTimeout(waiting);
    tip.hidden = true;
    shownAt = null;
  }

  addEventListener("mouseover", (event) => {
    if (tip.contains(event.target)) {
      clearTimeout(waiting);
      return;
    }
    const place = event.target.closest?.("a.how, td, dd, dt, .sentence");
    if (place && place === shownAt) {
      clearTimeout(waiting);
      return;
    }
    clearTimeout(waiting);
    const found = !place ? [] : place.matches("a.how") ? [place]
      : place.matches("dd, dt") ? [...place.parentElement.querySelectorAll("a.how")]
      : marks(place);
    // Slow enough that a pointer on its way to the note, or just passing, changes nothing.
    waiting = setTimeout(() => (found.length ? show(place, found) : hide()), 300);
  });
  addEventListener("focusin", (event) => {
    if (event.target.matches?.("a.how")) show(event.target, [event.target]);
    else hide();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  addEventListener("click", (event) => {
    const mark = event.target.closest?.("a.how");
    if (!mark) return;
    // A tap shows the note where the number is; the address keeps what is chosen.
    event.preventDefault();
    show(mark, [mark]);
  });
})();
