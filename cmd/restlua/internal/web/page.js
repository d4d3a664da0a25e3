// The page of restlua show --web. It asks the server for the dataset and for one
// table, and draws both with nodes and texts: nothing that comes is ever markup.
// Values of rows and cursors are texts as they stand in the tables; the only
// numbers are counts.

import { drawCharts, newChart } from "./chart.js";
import { ago, el, group, plural, size, stamp, sum } from "./nodes.js";

const pollEvery = 5000; // ms
const manyColumns = 60; // more are shown when asked for
const $ = (id) => document.getElementById(id);

// What is shown. dataset and table are as the server sent them, tags are their
// ETags; route is the name of a table, or null for the overview.
const now = { dataset: null, table: null, tags: {}, route: null, problem: "", allColumns: false, filter: "", open: new Set(), longer: new Set(), chart: { load: null } };

const link = (name) => "#table/" + encodeURIComponent(name);
function lasted(load) {
  const s = (new Date(load.committed) - new Date(load.started)) / 1000;
  return s < 60 ? Math.max(0, s).toFixed(s < 10 ? 1 : 0) + " s" : Math.floor(s / 60) + "m " + Math.round(s % 60) + "s";
}

const say = (text) => { $("status").textContent = text; };

// ask fetches from the server; null says that what the page has is still so.
async function ask(path, signal) {
  const headers = now.tags[path] ? { "If-None-Match": now.tags[path] } : {};
  const answer = await fetch(path, { headers, signal, cache: "no-store" });
  if (answer.status === 304) return null;
  if (answer.headers.get("Content-Type") !== "application/json") throw new Error("This is the page of a restlua show --web that has ended. Open the address that the new one printed.");
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  now.tags[path] = answer.headers.get("ETag");
  return body;
}

let asking = null; // AbortController of the requests under way

// refresh brings the page up to date. It draws only what changed, so that a
// reader is not disturbed; with redraw everything. The rows of a table are asked
// for only where a load was committed: reading them may be work.
async function refresh(redraw) {
  asking?.abort();
  const control = (asking = new AbortController());
  const before = now.dataset?.load;
  let changed = redraw;
  try {
    const dataset = await ask("dataset", control.signal);
    if (dataset) { now.dataset = dataset; changed = true; }
    const known = now.table?.name === now.route && now.table.load === now.dataset.load && !now.table.problem;
    if (now.route !== null && !known && now.dataset.tables.some((t) => t.name === now.route)) {
      const table = await ask("table?name=" + encodeURIComponent(now.route), control.signal);
      if (table) { now.table = table; changed = true; }
    }
    if (now.problem) { now.problem = ""; changed = true; }
  } catch (error) {
    if (control.signal.aborted) return;
    const text = error instanceof TypeError ? "restlua show --web does not answer any more. What you see is what it said last." : error.message;
    if (text !== now.problem) { now.problem = text; changed = true; }
  }
  asking = null;
  if (changed) draw();
  else if (now.dataset) drawMoment(now.dataset);
  if (before !== undefined && now.dataset.load !== before) say(now.dataset.changed ? "The dataset was changed." : `Load ${group(now.dataset.load)} was committed.`);
}

// poll asks again, unless nobody looks or an answer is still awaited.
function poll() {
  if (!document.hidden && !asking) refresh(false);
}

function drawMoment(d) {
  const last = d.loads.at(-1);
  $("moment").textContent = (last ? `load ${group(last.number)}, ${stamp(last.committed)} (${ago(last.committed)})` : "no load yet") +
    (d.changed ? `, compacted or set ${ago(d.committed)}` : "");
}

// draw shows everything anew and puts focus and scrolling back where they were.
function draw() {
  const focused = document.activeElement?.dataset?.key;
  const grid = document.querySelector(".grid")?.parentElement.scrollLeft ?? 0, scrolled = $("main").scrollTop;
  const unfolded = [...document.querySelectorAll("details[open]")].map((e) => e.dataset.key);
  const d = now.dataset;
  if (d) {
    document.title = (now.route ?? d.source) + " - restlua";
    $("source").replaceChildren(el("bdi", {}, d.source || "restlua"));
    drawMoment(d);
    drawList();
  }
  const parts = now.problem ? [el("p", { class: "notice", role: "alert" }, now.problem)] : [];
  if (d) parts.push(...(now.route === null ? overview(d) : tablePage(d)));
  $("main").replaceChildren(...parts);
  for (const e of document.querySelectorAll("details")) e.open = unfolded.includes(e.dataset.key);
  drawCharts();
  $("main").scrollTop = scrolled;
  const again = document.querySelector(".grid");
  if (again) again.parentElement.scrollLeft = grid;
  if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

// The list of tables: one stop of the tab key, the arrow keys go through it.
function drawList() {
  const wanted = $("filter").value.trim().toLowerCase();
  const tables = now.dataset.tables.filter((t) => t.name.toLowerCase().includes(wanted));
  const entry = (name, href, label, rows, depth) => {
    const here = now.route === name;
    const a = el("a", { href, title: name ?? "", "data-key": "list " + (name ?? ""), "aria-current": here && "page", tabindex: here ? "0" : "-1" },
      el("bdi", {}, label), el("span", { class: "faint" }, rows));
    a.style.setProperty("--depth", wanted ? 0 : Math.min(depth, 5));
    return el("li", {}, a);
  };
  const entries = [entry(null, "#", "Overview", "", 0), ...tables.map((t) => entry(t.name, link(t.name), t.name, group(t.rows), t.depth))];
  if (tables.length === 0) entries.push(el("li", { class: "none" }, wanted ? "No table has this in its name." : "There is no table yet."));
  const scrolled = $("tables").scrollTop;
  $("tables").replaceChildren(...entries);
  $("tables").scrollTop = scrolled;
  if (!$("tables").querySelector('[tabindex="0"]')) $("tables").querySelector("a").tabIndex = 0;
}

$("filter").addEventListener("input", () => {
  drawList();
  const n = $("tables").querySelectorAll("a").length - 1;
  say(plural(n, "table"));
});
$("filter").addEventListener("keydown", (e) => {
  const first = $("tables").querySelectorAll("a")[$("filter").value ? 1 : 0];
  if (e.key === "ArrowDown" || e.key === "Enter") { e.preventDefault(); go(first); }
});
$("tables").addEventListener("keydown", (e) => {
  const all = [...$("tables").querySelectorAll("a")], at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1, PageDown: Math.min(at + 10, all.length - 1), PageUp: Math.max(at - 10, 0) }[e.key];
  if (to === undefined || at < 0) return;
  e.preventDefault();
  if (to < 0) $("filter").focus();
  else go(all[to]);
});

// go moves to an entry of the list and shows what it stands for.
function go(a) {
  if (!a) return;
  a.focus();
  history.replaceState(null, "", a.href);
  routed();
}

function routed() {
  const m = location.hash.match(/^#table\/(.*)$/s);
  let route = null;
  try { route = m ? decodeURIComponent(m[1]) : null; } catch { route = m[1]; }
  if (location.hash === "#main") return; // the skip link's
  if (route !== now.route) Object.assign(now, { route, table: null, tags: {}, allColumns: false, filter: "", open: new Set(), longer: new Set(), chart: { load: null } });
  const inList = document.activeElement?.closest?.("nav");
  if (now.dataset) draw();
  $("main").scrollTop = 0;
  if (!inList && document.activeElement === document.body && now.dataset) $("main").focus({ preventScroll: true }); // the link that led here is gone
  refresh(false);
}

function section(title, ...content) {
  return [el("h2", {}, title), ...content.filter((c) => c !== null)];
}

// rowsTable is a table of texts. Columns are [head, class]; a cell is a node, a
// text, or a number. Of many rows it shows the first, and a button for the rest,
// unless all are wanted.
function rowsTable(columns, rows, all) {
  const name = columns.map((c) => c[0]).join(" "), more = !all && rows.length > 25 && !now.longer.has(name);
  const cellOf = (cell, i) => {
    const number = typeof cell === "number", kind = [columns[i][1], number && cell === 0 && "zero"].filter(Boolean).join(" ");
    return el(i === 0 ? "th" : "td", { class: kind || undefined, scope: i === 0 && "row" }, number ? group(cell) : cell);
  };
  return el("div", {}, el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": name }, el("table", {},
    el("thead", {}, el("tr", {}, columns.map(([head, kind]) => el("th", { scope: "col", class: kind === "mono" ? undefined : kind }, head)))),
    el("tbody", {}, (more ? rows.slice(0, 20) : rows).map((row) => el("tr", {}, row.map(cellOf)))))),
  more ? el("button", { type: "button", class: "more", click: () => { now.longer.add(name); draw(); } }, `Show all ${group(rows.length)}`) : null);
}

const tableLink = (name) => now.dataset.tables.some((t) => t.name === name)
  ? el("a", { href: link(name), "data-key": "go " + name }, el("bdi", {}, name)) : el("bdi", {}, name);

function overview(d) {
  const rows = sum(d.tables.map((t) => t.rows)), bytes = sum(d.tables.map((t) => t.bytes));
  const parts = [
    el("h1", {}, el("bdi", {}, d.source || "Dataset")),
    el("p", { class: "facts" }, d.tables.length === 0 ? "There is no table yet." :
      `${plural(d.tables.length, "table")}, ${plural(rows, "row")}, ${plural(sum(d.tables.map((t) => t.files)), "file")}, ${size(bytes)}`),
    ...unfinished(d.unfinished),
  ];
  const last = d.loads.at(-1);
  if (last) parts.push(...lastLoad(last));
  if (d.loads.length > 0 && d.tables.length > 0) parts.push(...section("Rows added and updated by load", newChart(d.loads, d.tables.map((t) => t.name), now.chart)));
  if (d.tables.length > 0) parts.push(...section("Tables", rowsTable(
    [["Table", "name"], ["Rows", "number"], ["Columns", "number"], ["Files", "number"], ["Size", "number"], ["Written", ""]],
    d.tables.map((t) => [tableLink(t.name), t.rows, t.columns, t.files, size(t.bytes), disposition(t)]))));
  if (d.cursors.length > 0) parts.push(...section("Next run starts at", rowsTable([["Resource", "name"], ["Cursor", ""], ["Value", "mono"]], d.cursors.flatMap(cursor))));
  parts.push(...refused(d.rejected));
  if (d.loads.length > 0) parts.push(...section("Loads", loadsTable(d.loads)));
  return parts;
}

const disposition = (t) => t.disposition + (t.key ? " by " + t.key.join(", ") : "");

function lastLoad(load) {
  const changed = Object.keys(load.changes ?? {});
  const known = now.dataset.tables.map((t) => t.name);
  const place = (name) => (known.indexOf(name) + known.length + 1) % (known.length + 1);
  changed.sort((a, b) => place(a) - place(b));
  const parts = section(`Load ${group(load.number)} changed`);
  parts.push(el("p", { class: "facts" }, `${stamp(load.committed)}, took ${lasted(load)}, ${plural(load.requests, "request")}`));
  if (changed.length === 0) return [...parts, el("p", {}, "It changed nothing.")];
  parts.push(rowsTable([["Table", "name"], ["Added", "number"], ["Updated", "number"], ["Deleted", "number"]], changed.map((name) => {
    const x = load.changes[name];
    return [tableLink(name), x.added ?? 0, x.updated ?? 0, x.deleted ?? 0];
  })));
  const schema = changed.flatMap((name) => {
    const x = load.changes[name];
    return [
      ...(x.created ? [el("li", {}, el("span", { class: "plus" }, "+ "), el("bdi", {}, name), el("span", { class: "faint" }, " a new table"))] : []),
      ...(x.columns ?? []).map((c) => el("li", {}, el("span", { class: c.from ? "change" : "plus" }, c.from ? "~ " : "+ "),
        el("bdi", {}, name + "." + c.name), el("span", { class: "faint" }, c.from ? ` ${c.from} → ${c.to}` : " " + c.to))),
    ];
  });
  if (schema.length > 0) parts.push(el("h2", {}, "Schema changes"), el("ul", { class: "mono" }, schema.slice(0, 200)));
  if (schema.length > 200) parts.push(el("p", { class: "facts" }, `and ${group(schema.length - 200)} more`));
  return parts;
}

function cursor(c) {
  const name = el("bdi", {}, c.resource);
  if (c.deferred) return [[name, "", plural(c.deferred, "parent") + " that failed, asked for first"]];
  if (c.hooks) return [[name, "state of its hooks", el("pre", {}, c.hooks)]];
  if (!c.count) return [[name, el("bdi", {}, c.path), el("bdi", {}, c.value)]];
  const lines = c.parents.map((p) => el("li", {}, el("bdi", { class: "faint" }, p.key), " ", el("bdi", {}, p.value)));
  if (c.count > lines.length) lines.push(el("li", { class: "faint" }, `and ${group(c.count - lines.length)} more parents`));
  return [[name, el("bdi", {}, c.path), el("ul", {}, lines)]];
}

function unfinished(u) {
  if (!u) return [];
  const rows = u.tables.map((t) => `${t.name} ${plural(t.rows, "row")}`).join(", ") || "no rows";
  return [el("p", { class: "notice" }, `Load ${group(u.load)} is not finished: ${rows} kept ${ago(u.created)}. ` +
    "It is under way, or was stopped; then the next run goes on from there.")];
}

function refused(list) {
  if (list.length === 0) return [];
  return section("Refused rows", ...list.map((r) => el("details", { "data-key": "refused " + r.load },
    el("summary", {}, `Load ${group(r.load)}: ${r.more ? "more than " : ""}${plural(r.rows, "row")} `, el("code", { class: "faint" }, r.path)),
    r.first.map((text) => el("pre", { class: "record" }, text)))));
}

function loadsTable(loads) {
  const rows = [...loads].reverse().map((l) => {
    const all = Object.values(l.changes ?? {}), of = (what) => sum(all.map((x) => x[what] ?? 0));
    return [group(l.number), stamp(l.committed), of("added"), of("updated"), of("deleted"), l.requests, lasted(l)];
  });
  return rowsTable([["Load", "number"], ["Committed", ""], ["Added", "number"], ["Updated", "number"], ["Deleted", "number"], ["Requests", "number"], ["Took", "number"]], rows);
}

function tablePage(d) {
  const t = d.tables.find((t) => t.name === now.route);
  if (!t) return [el("h1", {}, el("bdi", {}, now.route)), el("p", { class: "facts" }, "The dataset has no table of this name.")];
  const children = d.tables.filter((c) => c.parent === t.name);
  const parts = [
    el("h1", {}, el("bdi", {}, t.name)),
    el("p", { class: "facts" }, [plural(t.rows, "row"), plural(t.columns, "column"), plural(t.files, "file"), size(t.bytes), disposition(t)].filter(Boolean).join(", ")),
  ];
  const last = d.loads.at(-1), change = last?.changes?.[t.name];
  if (change) parts.push(el("p", { class: "facts" }, `Load ${group(last.number)}: ${group(change.added ?? 0)} added, ${group(change.updated ?? 0)} updated, ${group(change.deleted ?? 0)} deleted`));
  if (t.parent) parts.push(el("p", { class: "facts" }, "Child of ", tableLink(t.parent), ": ", el("code", {}, `_rl_parent_id = ${t.parent}._rl_id`)));
  if (children.length > 0) parts.push(el("p", { class: "facts" }, "Child tables: ", children.flatMap((c, i) => [i ? ", " : "", tableLink(c.name)])));
  if (t.mixed) parts.push(el("p", { class: "notice" }, "Older files have fewer columns or narrower types (evolve = \"union\"): the lines below tell the readers so; Spark unites added columns only."));
  const x = now.table;
  if (x?.name !== t.name) return [...parts, el("p", { class: "facts" }, "Reading…")];
  if (x.problem) parts.push(el("p", { class: "notice" }, x.problem));
  parts.push(...section("Query", queries(x.queries)), ...firstRows(t, x));
  if (d.loads.length > 0) parts.push(...section("Rows added and updated by load", newChart(d.loads, [t.name], now.chart)));
  return [...parts, ...columnList(x)];
}

function queries(list) {
  return el("dl", { class: "queries" }, list.flatMap((q) => {
    const code = el("code", {}, q.line);
    return [el("dt", { class: "faint" }, q.reader), el("dd", {}, code),
      el("button", { type: "button", "data-key": "copy " + q.reader, "aria-label": "Copy the line for " + q.reader, click: (e) => copy(e.currentTarget, q.line, code) }, "Copy")];
  }));
}

async function copy(button, text, code) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    say("Copied");
  } catch { // not allowed: the line is selected, so that the keyboard's copy takes it
    getSelection().selectAllChildren(code);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

// visible are the columns that the filter and the limit let through.
function visible(x) {
  const wanted = now.filter.toLowerCase();
  const found = x.columns.map((c, i) => ({ ...c, i })).filter((c) => c.name.toLowerCase().includes(wanted));
  return { found, shown: now.allColumns ? found : found.slice(0, manyColumns) };
}

function columnTools(x) {
  if (x.columns.length <= 12) return null;
  const { found, shown } = visible(x);
  return el("div", { class: "tools" },
    el("input", { type: "search", value: now.filter, placeholder: `Filter ${group(x.columns.length)} columns`, "aria-label": "Filter columns", "data-key": "columns", spellcheck: "false",
      input: (e) => { now.filter = e.currentTarget.value; const at = e.currentTarget.selectionStart; draw(); document.activeElement.setSelectionRange?.(at, at); } }),
    found.length > shown.length ? el("span", { class: "faint" }, `${group(shown.length)} of ${group(found.length)} columns`) : null,
    found.length > shown.length ? el("button", { type: "button", click: () => { now.allColumns = true; draw(); } }, "Show all") : null);
}

function firstRows(t, x) {
  if (x.rows.length === 0) return x.problem || t.rows > 0 ? [] : section("First rows", el("p", { class: "faint" }, "There are no rows."));
  const { shown } = visible(x);
  const head = el("tr", {}, el("th", { scope: "col" }, el("span", { class: "unseen" }, "Row")), shown.map((c) =>
    el("th", { scope: "col", class: cellClass(c), title: c.name }, el("bdi", {}, c.name), el("span", {}, c.type))));
  const body = x.rows.flatMap((row, n) => [el("tr", { class: now.open.has(n) && "open" },
    el("td", {}, el("button", { type: "button", "data-key": "row " + n, "aria-expanded": String(now.open.has(n)), "aria-label": "Row " + (n + 1),
      click: () => { now.open.has(n) ? now.open.delete(n) : now.open.add(n); draw(); } }, String(n + 1))),
    shown.map((c) => gridCell(c, row[c.i]))),
    now.open.has(n) && el("tr", { class: "detail" }, el("td", { colspan: shown.length + 1 }, record(x, n)))]).filter(Boolean);
  const title = x.rows.length < t.rows ? `First ${group(x.rows.length)} of ${plural(t.rows, "row")}` : "All rows";
  return section(title, columnTools(x),
    el("div", { class: "scroll rows", tabindex: "0", role: "group", "aria-label": title }, el("table", { class: "grid", keydown: rowKeys }, el("thead", {}, head), el("tbody", {}, body))),
    x.cut ? el("p", { class: "facts" }, "Long values are cut at 10,000 characters.") : null);
}

const cellClass = (c) => [c.kind === "number" && "number", !c.source && "own"].filter(Boolean).join(" ") || undefined;

function gridCell(c, value) {
  if (value === null) return el("td", { class: (c.kind === "number" ? "number " : "") + "null" }, "null");
  if (value === "") return el("td", { class: "null" }, "empty");
  const text = value.slice(0, 200);
  return el("td", { class: cellClass(c) }, c.kind === "text" ? text.replace(/\r?\n/g, "↵") : text);
}

// rowKeys lets the arrow keys go from row to row.
function rowKeys(e) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key], at = document.activeElement?.dataset?.key?.match(/^row (\d+)$/);
  if (!step || !at) return;
  e.preventDefault();
  document.querySelector(`[data-key="row ${Number(at[1]) + step}"]`)?.focus();
}

// record shows all values of one row, one below the other.
function record(x, n) {
  return el("section", { class: "record", "aria-label": "Row " + (n + 1) },
    el("h3", {}, "Row " + (n + 1), el("button", { type: "button", "data-key": "close " + n,
      click: () => { now.open.delete(n); draw(); document.querySelector(`[data-key="row ${n}"]`)?.focus(); } }, "Close")),
    el("dl", {}, visible(x).shown.flatMap((c) => [el("dt", {}, el("bdi", {}, c.name)),
      x.rows[n]?.[c.i] ? el("dd", {}, x.rows[n][c.i]) : el("dd", { class: "null" }, x.rows[n]?.[c.i] === "" ? "empty" : "null")])));
}

function columnList(x) {
  const { shown, found } = visible(x);
  return section("Columns", x.rows.length === 0 ? columnTools(x) : null, rowsTable([["Column", "name"], ["Type", ""], ["Null", ""], ["In the record", "mono"]],
    shown.map((c) => [el("bdi", { class: !c.source && "own" }, c.name), c.type, c.nullable ? "yes" : "no", c.source]), true),
    found.length > shown.length ? el("p", { class: "facts" }, `${group(shown.length)} of ${group(found.length)} columns`) : null);
}

new ResizeObserver(drawCharts).observe($("main"));
addEventListener("hashchange", routed);
$("skip").addEventListener("click", (e) => { e.preventDefault(); $("main").focus(); });
$("reload").addEventListener("click", async () => { Object.assign(now, { tags: {}, table: null }); await refresh(true); say("Reloaded"); });
setInterval(poll, pollEvery);
document.addEventListener("visibilitychange", poll);
routed();
