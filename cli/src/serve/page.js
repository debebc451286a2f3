// The explorer's page. Its state is what is laid over the scenario, and lives in the address: so a link
// holds it, a reload keeps it and the back button goes back in it.
"use strict";

const $ = (id) => document.getElementById(id);

// Keys whose number is no size: a slider leaves it alone.
const NO_SIZES = new Set(["cv", "shape", "sigma", "weight", "seed"]);

// A slider reaches from the scenario's value a factor of this to both sides.
const REACH = 16;

let start = null;
// Key → value, in the order in which it was set.
let changed = new Map();
// Key → what the page has of the field.
const fields = new Map();
// Key → value as the scenario was written, for what was changed.
const written = new Map();
let shown = null;
// The list of changes as it is shown.
let listed = "[]";

// ------------------------------------------------------------------ the address

function read() {
  const query = new URLSearchParams(location.search);
  changed = new Map(
    query.getAll("set").map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
  const of = query.get("of");
  return !of || of === start.digest;
}

function address() {
  const query = new URLSearchParams();
  if (changed.size) query.set("of", start.digest);
  for (const [key, value] of changed) query.append("set", `${key}=${value}`);
  const text = query.toString();
  return text ? `/?${text}` : "/";
}

// Keeps what was set: a step that the back button undoes.
function commit() {
  if (address() !== location.pathname + location.search) history.pushState(null, "", address());
  asked = location.search;
}

function set(key, value) {
  changed.delete(key);
  // What a key would be without its change is known only while nothing else that may move it is changed.
  if (value !== written.get(key) || changed.size > 0) changed.set(key, value);
}

// ------------------------------------------------------------------ values as they are written

const NUMBER = /(?:([A-Za-z_][\w-]*)\s*=\s*)?("?)(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)([^",}\]\s]*)("?)/g;

// Every number of a text that is a size: its key, place, value and unit.
function sizes(text) {
  const plain = !/[{[]/.test(text);
  return [...text.matchAll(NUMBER)]
    .filter((found) => !NO_SIZES.has(found[1]) && (found[1] || plain))
    .map((found) => {
      const from = found.index + found[0].indexOf(found[2] + found[3], found[1] ? found[1].length : 0) + found[2].length;
      return { key: found[1], from, to: from + found[3].length, value: Number(found[3]), unit: found[4] };
    });
}

// What a unit stands for, among those that one field can have.
const UNITS = {
  k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12, "%": 1e-2,
  ns: 1e-9, us: 1e-6, "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86400,
  kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40,
};

// The size in the middle, in the unit that it is written in.
function middleSize(text) {
  const found = sizes(text);
  const named = (key) => found.find((size) => size.key === key);
  const one = named("mode") || named("p50") || named("mean") || named("value");
  if (one) return one;
  const [low, high] = [named("low"), named("high")];
  if (low && high) return { value: (low.value + high.value) / 2, unit: low.unit };
  return found[0] ?? null;
}

// Its number.
function middle(text) {
  return middleSize(text)?.value ?? null;
}

// How many times the middle of a text is that of another; none if that cannot be said.
function times(text, base) {
  const [now, then] = [middleSize(text), middleSize(base)];
  if (!(now?.value > 0) || !(then?.value > 0)) return null;
  if (now.unit === then.unit) return now.value / then.value;
  // Of people a B is a billion, of memory a byte.
  const bytes = [now, then].some((size) => /.B$/.test(size.unit));
  const unit = (size) => (size.unit === "B" ? (bytes ? 1 : 1e9) : (UNITS[size.unit] ?? 1));
  return (now.value * unit(now)) / (then.value * unit(then));
}

function digits(value, count) {
  return String(Number(value.toPrecision(count)));
}

// The text with its sizes times a factor; shares stay within 100%.
function scaled(text, factor, field, precision = 3) {
  const found = sizes(text);
  const most = Math.max(...found.filter((size) => size.unit === "%").map((size) => size.value));
  // The middle of a part has to come out as told; of anything else the figures stay in proportion.
  if (!field.whole && most * factor > 100) factor = 100 / most;
  let result = "";
  let at = 0;
  for (const size of found) {
    const value = size.unit === "%" ? Math.min(100, size.value * factor) : size.value * factor;
    result += text.slice(at, size.from) + (field.counts ? Math.max(1, Math.round(value)) : digits(value, precision));
    at = size.to;
  }
  return result + text.slice(at);
}

// The value a slider's place stands for, in the scenario's own.
function factor(place) {
  return REACH ** (place / 100);
}

function place(text, base) {
  const ratio = times(text, base);
  if (ratio === null) return 0;
  return Math.max(-100, Math.min(100, Math.round((100 * Math.log(ratio)) / Math.log(REACH))));
}

// Moves a part of a whole; the others fill up what it leaves. Whether it could.
function movePart(key, by) {
  const field = fields.get(key);
  const others = [...fields.values()].filter((other) => other.whole === field.whole && other.path !== key);
  const base = written.get(key);
  // Parts that are not written in per cent are left to whoever wrote them.
  if ([field, ...others].some((part) => middleSize(now(part.path))?.unit !== "%")) return false;
  const value = Math.min(99, middle(base) * by);
  const rest = others.reduce((sum, other) => sum + middle(now(other.path)), 0);
  if (!(rest > 0)) return false;
  set(key, scaled(base, value / middle(base), field, 6));
  const part = middle(now(key));
  for (const other of others) set(other.path, scaled(now(other.path), (100 - part) / rest, other, 9));
  return true;
}

function now(key) {
  return changed.get(key) ?? written.get(key) ?? fields.get(key)?.text ?? "";
}

// ------------------------------------------------------------------ the form

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function makeField(given, number) {
  const id = `field-${number}`;
  const field = { ...given };
  field.label = element("label", { for: id }, given.label);
  field.problem = element("p", { class: "problem", id: `${id}-problem` });
  const from = [given.origin, given.source].filter(Boolean).join(": ");
  const described = `${id}-problem${from ? ` ${id}-from` : ""}`;
  const row = element("div", { class: "row" });
  if (given.choices.length) {
    field.input = element("select", { id, "aria-describedby": described });
    field.input.addEventListener("change", () => choose(given.path, field.input.value));
  } else {
    if (given.slides && middle(given.text) > 0) {
      field.slider = element("input", {
        type: "range", min: -100, max: 100, step: 1, id: `${id}-slider`, "aria-label": `${given.label}, slider`,
      });
      field.slider.addEventListener("input", () => drag(given.path, Number(field.slider.value)));
      const settle = () => { if (field.moved) { field.moved = false; commit(); ask(false); } };
      field.slider.addEventListener("input", () => { field.moved = true; });
      for (const event of ["change", "pointerup", "blur"]) field.slider.addEventListener(event, settle);
      row.append(field.slider);
    }
    field.input = element("input", { type: "text", id, spellcheck: "false", "aria-describedby": described });
    field.input.addEventListener("change", () => choose(given.path, field.input.value.trim()));
  }
  row.append(field.input);
  field.box = element("div", { class: given.choices.length ? "field choice" : "field" }, field.label, row, field.problem);
  if (from) {
    field.from = element("p", { class: "from", id: `${id}-from` }, from);
    field.box.append(field.from);
  }
  field.box.dataset.path = given.path;
  return field;
}

// Makes the fields again where other keys have come, and gives all of them their values.
function showForm(form) {
  const given = form.groups.flatMap((group) => group.fields);
  const same = given.length === fields.size && given.every((field) => fields.has(field.path));
  if (!same) {
    const open = new Map([...document.querySelectorAll("details.group")].map((group) => [group.dataset.title, group.open]));
    const focus = document.activeElement?.closest?.(".field")?.dataset.path;
    fields.clear();
    let number = 0;
    const groups = form.groups.map((group) => {
      const made = element("details", { class: "group" }, element("summary", {}, group.title));
      made.dataset.title = group.title;
      made.open = open.get(group.title) ?? group.open;
      if (group.note) made.append(element("p", { class: "about" }, group.note));
      for (const one of group.fields) {
        const field = makeField(one, (number += 1));
        fields.set(one.path, field);
        made.append(field.box);
      }
      return made;
    });
    $("groups").replaceChildren(...groups);
    if (focus) fields.get(focus)?.input.focus();
  }
  for (const one of given) {
    const field = fields.get(one.path);
    field.text = one.text;
    const from = [one.origin, one.source].filter(Boolean).join(": ");
    if (field.from) field.from.textContent = from;
    const choices = JSON.stringify(one.choices);
    if (one.choices.length && field.offered !== choices) {
      const options = one.choices.map((choice) => element("option", { value: choice.value }, choice.title));
      field.input.replaceChildren(...options);
      field.offered = choices;
    }
    if (!changed.has(one.path)) written.set(one.path, one.text);
  }
  showValues();
}

// Gives every field the value it stands for; the one that is typed into only if all of them are meant.
function showValues(all = false) {
  for (const field of fields.values()) {
    const value = now(field.path);
    const typed = field.input === document.activeElement && !field.choices.length;
    if (all || !typed || field.input.value.trim() === value) field.input.value = value;
    if (field.slider && (all || field.slider !== document.activeElement)) {
      field.slider.value = place(value, written.get(field.path) ?? value);
    }
    field.slider?.setAttribute("aria-valuetext", value);
    field.box.classList.toggle("changed", changed.has(field.path));
  }
  const list = JSON.stringify([...changed]);
  if (list === listed) return;
  listed = list;
  const undoing = $("changes").contains(document.activeElement);
  $("changes").replaceChildren(
    ...[...changed].map(([key, value]) => {
      const undo = element("button", { type: "button", class: "undo", "aria-label": `Undo ${key}` }, "undo");
      undo.addEventListener("click", () => { changed.delete(key); commit(); showValues(); ask(false); });
      return element("li", {}, element("code", {}, `${key} = ${value}`), undo);
    }),
  );
  $("unchanged").hidden = changed.size > 0;
  $("reset").hidden = changed.size === 0;
  if (undoing) ($("changes").querySelector("button") ?? $("form")).focus();
}

function drag(key, where) {
  const field = fields.get(key);
  if (field.whole && !movePart(key, factor(where))) {
    field.problem.textContent = "This part has no others in per cent that could fill up what it leaves; write it in its field.";
    return;
  }
  if (!field.whole) set(key, scaled(written.get(key), factor(where), field));
  if (where === 0 && !field.whole) changed.delete(key);
  showValues();
  ask(true);
}

function choose(key, value) {
  set(key, value);
  commit();
  showValues();
  ask(false);
}

// ------------------------------------------------------------------ answers

let asking = null;
let next = null;

function post(path, body, signal) {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
}

function state(more = {}) {
  return { set: [...changed], ...more };
}

// Asks for an answer: a rough one while a slider is moved, one after the other; a whole one ends those.
async function ask(rough) {
  if (working) $("outcome").textContent = "Stopped, since something has changed.";
  stopWork();
  tried = false;
  if (asking && rough) {
    next = true;
    return;
  }
  asking?.abort();
  next = null;
  const mine = new AbortController();
  asking = mine;
  $("result").setAttribute("aria-busy", "true");
  try {
    const response = await post("/api/answer", state({ rough }), mine.signal);
    const said = await response.json();
    if (response.ok) showAnswer(said, rough);
    else showProblems(said.problems);
  } catch (error) {
    if (error.name === "AbortError") return;
    showProblems([{ message: "the program that answers is gone", help: "start `tonnage serve` again" }]);
  }
  if (asking !== mine) return;
  asking = null;
  $("result").removeAttribute("aria-busy");
  if (next) ask(true);
  else if (!rough && !$("result").classList.contains("old")) simulateSoon();
}

function showAnswer(said, rough) {
  shown = said;
  clearProblems();
  // What is put into the page here was made by the program with everything escaped.
  $("figures").innerHTML = said.answer;
  $("chart").innerHTML = said.chart;
  $("plans").innerHTML = said.plans;
  $("warnings").innerHTML = said.warnings;
  $("result").classList.remove("old");
  $("stale").hidden = true;
  const kind = said.simulated ? "Simulated and by formulas" : "By formulas";
  const draws = `${said.draws} draws of the uncertain inputs`;
  $("status").textContent = `${kind}, ${draws}, ${Math.round(said.milliseconds)} ms${rough ? "; more when you let go" : ""}.`;
  if (!rough) $("spoken").textContent = said.sentence;
  showForm(said.form);
}

function showSimulated(said) {
  showAnswer(said, false);
  if (!said.simulated) $("outcome").textContent = "No plan has a simulated estimate; what to know before using the numbers says why.";
}

function clearProblems() {
  $("problems").replaceChildren();
  $("other-problem").textContent = "";
  for (const field of fields.values()) {
    field.problem.textContent = "";
    field.input.removeAttribute("aria-invalid");
  }
}

function words(problem) {
  const where = problem.at ? `${problem.at}: ` : "";
  const label = problem.label ? ` (${problem.label})` : "";
  const help = problem.help ? `; ${problem.help}` : "";
  return `${where}${problem.message}${label}${help}`;
}

// Shows what is wrong beside what caused it; the last answer stays, marked as such.
function showProblems(problems) {
  clearProblems();
  const general = [];
  for (const problem of problems) {
    const field = problem.path && fields.get(problem.path);
    if (field) {
      field.problem.textContent = words(problem);
      field.input.setAttribute("aria-invalid", "true");
      field.box.closest("details").open = true;
    }
    general.push(element("li", {}, (problem.path ? `${problem.path}: ` : "") + words(problem)));
  }
  $("problems").replaceChildren(...general);
  $("result").classList.add("old");
  $("stale").hidden = !shown;
  if (!shown) $("figures").replaceChildren(element("p", { class: "missing" }, "No answer yet: what is set cannot be answered."));
  $("status").textContent = "";
}

// ------------------------------------------------------------------ what takes longer

// Milliseconds without a change after which a simulation begins by itself.
const QUIET = 1200;

// Where this browser keeps that none shall.
const BY_HAND = "tonnage-simulate-by-hand";

let working = null;
let waiting = null;
// Whether it was begun since the last change: what was stopped or failed is not begun again by itself.
let tried = false;

// What the browser keeps; it may keep nothing.
function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // It holds for this page alone.
  }
}

// Simulates once nothing has changed for a while, where that is wanted and somebody looks.
function simulateSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const wanted = $("auto").checked && !document.hidden && !tried;
    if (wanted && !working && !asking && !$("result").classList.contains("old")) simulate(false);
  }, QUIET);
}

function simulate(byHand) {
  work("/api/refine", state(), showSimulated, byHand);
}

function stopWork() {
  clearTimeout(waiting);
  working?.abort();
  working = null;
  $("progress").hidden = true;
  $("simulate").disabled = false;
  $("report").disabled = !start?.output;
}

// Asks for something that takes a while and shows how far it is.
async function work(path, body, done, byHand = true) {
  stopWork();
  tried = true;
  const mine = new AbortController();
  working = mine;
  if (byHand) $("outcome").textContent = "";
  $("progress").hidden = false;
  $("stage").textContent = "Beginning";
  $("bar").removeAttribute("value");
  $("simulate").disabled = true;
  $("report").disabled = true;
  let failed = null;
  try {
    const response = await post(path, body, mine.signal);
    if (!response.ok) failed = (await response.json()).problems;
    else failed = await listen(response.body, done);
  } catch (error) {
    if (error.name === "AbortError") return;
    failed = [{ message: "the program that answers is gone", help: "start `tonnage serve` again" }];
  }
  if (working === mine) stopWork();
  if (failed) $("outcome").textContent = failed.map(words).join(" ");
}

async function listen(body, done) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done: over } = await reader.read();
    if (over) return [{ message: "the program stopped before it was done" }];
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines.filter(Boolean)) {
      const said = JSON.parse(line);
      if (said.done) return done(said.done) ?? null;
      if (said.failed) return said.failed.problems;
      if (said.waiting) $("stage").textContent = "Waiting for others";
      if (said.progress) showProgress(said.progress);
    }
  }
}

function showProgress({ name, done, of }) {
  $("stage").textContent = name || "Working";
  if (of > 0) $("bar").value = Math.min(1, done / of);
  else $("bar").removeAttribute("value");
}

async function save() {
  let response;
  try {
    response = await post("/api/scenario", state());
  } catch {
    $("outcome").textContent = "The program that answers is gone; start `tonnage serve` again.";
    return;
  }
  if (!response.ok) return showProblems((await response.json()).problems);
  const link = element("a", { href: URL.createObjectURL(await response.blob()), download: "scenario.toml" });
  link.click();
  URL.revokeObjectURL(link.href);
  $("outcome").textContent = "Saved as scenario.toml: `tonnage plan scenario.toml` gives the same answer.";
}

async function copyLink() {
  const text = location.origin + address();
  try {
    await navigator.clipboard.writeText(text);
    $("outcome").textContent = "The link is copied. It works wherever `tonnage serve` serves the same scenario.";
  } catch {
    $("outcome").textContent = text;
  }
}

// ------------------------------------------------------------------ the beginning

function setOther() {
  const text = $("other").value;
  const at = text.indexOf("=");
  if (at < 1) {
    $("other-problem").textContent = "write a key, an equals sign and a value: host.speed=1.3";
    return;
  }
  $("other").value = "";
  changed.delete(text.slice(0, at).trim());
  changed.set(text.slice(0, at).trim(), text.slice(at + 1).trim());
  commit();
  showValues();
  ask(false);
}

// The state that the address had when it was last read or written.
let asked = "";

function arrive() {
  asked = location.search;
  $("other-link").hidden = read();
  showValues(true);
  ask(false);
}

async function begin() {
  $("form").addEventListener("submit", (event) => event.preventDefault());
  $("reset").addEventListener("click", () => { changed.clear(); commit(); showValues(); ask(false); });
  $("set").addEventListener("click", setOther);
  $("other").addEventListener("keydown", (event) => { if (event.key === "Enter") setOther(); });
  $("simulate").addEventListener("click", () => simulate(true));
  $("auto").checked = kept(BY_HAND) === null;
  $("auto").addEventListener("change", () => {
    keep(BY_HAND, $("auto").checked ? null : "yes");
    if ($("auto").checked) simulateSoon();
    else clearTimeout(waiting);
  });
  addEventListener("visibilitychange", simulateSoon);
  $("report").addEventListener("click", () =>
    work("/api/report", state({ simulate: true }), (said) => { $("outcome").textContent = `Report: ${said.page}`; }));
  $("cancel").addEventListener("click", () => { stopWork(); $("outcome").textContent = "Stopped."; });
  $("save").addEventListener("click", save);
  $("link").addEventListener("click", copyLink);
  // A mark shows its note in place; the address keeps what was changed.
  $("result").addEventListener("click", (event) => {
    const mark = event.target.closest("a.how");
    if (!mark) return;
    event.preventDefault();
    const note = $(mark.hash.slice(1));
    if (note) $("outcome").textContent = note.textContent;
  });
  // A place within the page is no other state.
  addEventListener("popstate", () => { if (location.search !== asked) arrive(); });
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    $("answer").focus();
  });
  try {
    start = await (await fetch("/api/start")).json();
  } catch {
    showProblems([{ message: "the program that answers is gone", help: "start `tonnage serve` again" }]);
    return;
  }
  document.title = `${start.title} · Tonnage explorer`;
  $("title").textContent = start.title;
  $("question").textContent = start.question;
  $("version").textContent = start.version;
  $("report").disabled = !start.output;
  $("report").title = start.output ? "" : "Start the explorer with --output DIR to write reports";
  // The values of the scenario as it is written come before those that are laid over it.
  showForm(start.form);
  arrive();
}

begin();
