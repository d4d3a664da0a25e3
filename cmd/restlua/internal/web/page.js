// The page of restlua show --web. It asks the server for the dataset and for one
// table, and draws both with nodes and texts: nothing that comes is ever markup.
// Values of rows and cursors are texts as they stand in the tables; the only
// numbers are counts.

const token = new URLSearchParams(location.search).get("token") ?? "";
const pollEvery = 5000; // ms
const manyColumns = 60; // more are shown when asked for
const $ = (id) => document.getElementById(id);

// What is shown. dataset and table are as the server sent them, tags are their
// ETags; route is the name of a table, or null for the overview.
const now = { dataset: null, table: null, tags: {}, route: null, problem: "", allColumns: false, filter: "", open: new Set(), chosen: null };

// el makes an element. A function among the attributes is a listener, true is an
// attribute without value; undefined and false are left out.
function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined));
  return node;
}

const group = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
const plural = (n, noun) => group(n) + " " + (n === 1 ? noun : noun + "s");
const sum = (values) => values.reduce((a, b) => a + b, 0);
const written = (load, table) => (load.changes?.[table]?.added ?? 0) + (load.changes?.[table]?.updated ?? 0);
const link = (name) => "#table/" + encodeURIComponent(name);

function size(bytes) {
  if (bytes < 1000) return plural(bytes, "byte");
  let unit = -1;
  while (bytes >= 999.5 || unit < 0) { bytes /= 1000; unit++; }
  return (bytes < 9.95 ? bytes.toFixed(1) : Math.round(bytes)) + " " + ["KB", "MB", "GB", "TB", "PB", "EB"][unit];
}

function stamp(time) {
  const d = new Date(time), two = (n) => String(n).padStart(2, "0");
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

function ago(time) {
  const minutes = Math.floor((Date.now() - new Date(time)) / 60000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return plural(minutes, "minute") + " ago";
  if (minutes < 48 * 60) return plural(Math.floor(minutes / 60), "hour") + " ago";
  return plural(Math.floor(minutes / 1440), "day") + " ago";
}

function lasted(load) {
  const s = (new Date(load.committed) - new Date(load.started)) / 1000;
  return s < 60 ? Math.max(0, s).toFixed(s < 10 ? 1 : 0) + " s" : Math.floor(s / 60) + "m " + Math.round(s % 60) + "s";
}

const say = (text) => { $("status").textContent = text; };

// ask fetches from the server; null says that what the page has is still so.
async function ask(path, signal) {
  const headers = { "X-Restlua-Token": token };
  if (now.tags[path]) headers["If-None-Match"] = now.tags[path];
  const answer = await fetch(path, { headers, signal, cache: "no-store" });
  if (answer.status === 304) return null;
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  now.tags[path] = answer.headers.get("ETag");
  return body;
}

let asking = null; // AbortController of the requests under way

// refresh brings the page up to date. It draws only what changed, so that a
// reader is not disturbed.
async function refresh(redraw) {
  asking?.abort();
  const control = (asking = new AbortController());
  const before = now.dataset?.load;
  let changed = redraw;
  try {
    const dataset = await ask("dataset", control.signal);
    if (dataset) { now.dataset = dataset; changed = true; }
    if (now.route !== null && now.dataset.tables.some((t) => t.name === now.route)) {
      const path = "table?name=" + encodeURIComponent(now.route);
      if (now.table?.name !== now.route) delete now.tags[path];
      const table = await ask(path, control.signal);
      if (table) { now.table = table; changed = true; }
    }
    if (now.problem) { now.problem = ""; changed = true; }
  } catch (error) {
    if (control.signal.aborted) return;
    const text = error instanceof TypeError ? "restlua show --web does not answer any more. What you see is what it said last." : error.message;
    if (text !== now.problem) { now.problem = text; changed = true; }
  }
  if (changed) draw();
  if (before !== undefined && now.dataset.load !== before) say(`Load ${group(now.dataset.load)} was committed.`);
}

// draw shows everything anew and puts focus and scrolling back where they were.
function draw() {
  const focused = document.activeElement?.dataset?.key;
  const grid = document.querySelector(".grid")?.parentElement.scrollLeft ?? 0;
  const d = now.dataset;
  if (d) {
    document.title = (now.route ?? d.source) + " - restlua";
    $("source").replaceChildren(el("bdi", {}, d.source || "restlua"));
    $("moment").replaceChildren(d.load === 0 ? "no load yet" : `load ${group(d.load)}, ${stamp(d.committed)} (${ago(d.committed)})`);
    drawList();
  }
  const parts = now.problem ? [el("p", { class: "notice", role: "alert" }, now.problem)] : [];
  if (d) parts.push(...(now.route === null ? overview(d) : tablePage(d)));
  $("main").replaceChildren(...parts);
  drawCharts();
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
  if (route !== now.route) Object.assign(now, { route, table: null, allColumns: false, filter: "", open: new Set(), chosen: null });
  if (now.dataset) draw();
  $("main").scrollTop = 0;
  refresh(false);
}

function section(title, ...content) {
  return [el("h2", {}, title), ...content.filter((c) => c !== null)];
}

// rowsTable is a table of texts. Columns are [head, class]; a cell is a node, a
// text, or a number.
function rowsTable(columns, rows) {
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": columns[0][0] }, el("table", {},
    el("thead", {}, el("tr", {}, columns.map(([head, kind]) => el("th", { scope: "col", class: kind === "mono" ? undefined : kind }, head)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell, i) => {
      const number = typeof cell === "number";
      const kind = [columns[i][1], number && cell === 0 && "zero"].filter(Boolean).join(" ");
      return el(i === 0 ? "th" : "td", { class: kind || undefined, scope: i === 0 && "row" }, number ? group(cell) : cell);
    }))))));
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
  if (d.loads.length > 0 && d.tables.length > 0) parts.push(...section("Rows added and updated by load", chartFor(d.loads, d.tables.map((t) => t.name))));
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
  if (t.parent) parts.push(el("p", { class: "facts" }, "Child of ", tableLink(t.parent), ": ", el("code", {}, `_rl_parent_id = ${t.parent}._rl_id`)));
  if (children.length > 0) parts.push(el("p", { class: "facts" }, "Child tables: ", children.flatMap((c, i) => [i ? ", " : "", tableLink(c.name)])));
  if (t.mixed) parts.push(el("p", { class: "notice" }, "Older files have fewer columns or narrower types (evolve = \"union\"): DuckDB needs union_by_name = true, Spark mergeSchema."));
  const x = now.table;
  if (x?.name !== t.name) return [...parts, el("p", { class: "facts" }, "Reading…")];
  if (x.problem) parts.push(el("p", { class: "notice" }, x.problem));
  parts.push(...section("Query", queries(x.queries)), ...firstRows(t, x));
  if (d.loads.length > 0) parts.push(...section("Rows added and updated by load", chartFor(d.loads, [t.name])));
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
  if (t.rows === 0 || x.rows.length === 0) return x.problem ? [] : section("First rows", el("p", { class: "faint" }, "There are no rows."));
  const { shown } = visible(x);
  const head = el("tr", {}, el("th", { scope: "col" }, el("span", { class: "unseen" }, "Row")), shown.map((c) =>
    el("th", { scope: "col", class: cellClass(c), title: c.name }, el("bdi", {}, c.name), el("span", {}, c.type))));
  const body = x.rows.map((row, n) => el("tr", { class: now.open.has(n) && "open" },
    el("td", {}, el("button", { type: "button", "data-key": "row " + n, "aria-expanded": String(now.open.has(n)), "aria-label": "Row " + (n + 1),
      click: () => { now.open.has(n) ? now.open.delete(n) : now.open.add(n); draw(); } }, String(n + 1))),
    shown.map((c) => gridCell(c, row[c.i]))));
  const title = x.rows.length < t.rows ? `First ${group(x.rows.length)} of ${plural(t.rows, "row")}` : "All rows";
  return section(title, columnTools(x),
    el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": title }, el("table", { class: "grid", keydown: rowKeys }, el("thead", {}, head), el("tbody", {}, body))),
    x.cut ? el("p", { class: "facts" }, "Long values are cut at 10,000 characters.") : null,
    ...[...now.open].sort((a, b) => a - b).map((n) => record(x, n)));
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

// record shows one row with a line for each column and all of its values.
function record(x, n) {
  return el("section", { class: "record", "aria-label": "Row " + (n + 1) },
    el("h3", {}, "Row " + (n + 1), el("button", { type: "button", "data-key": "close " + n,
      click: () => { now.open.delete(n); draw(); document.querySelector(`[data-key="row ${n}"]`)?.focus(); } }, "Close")),
    el("dl", {}, visible(x).shown.flatMap((c) => [el("dt", {}, el("bdi", {}, c.name)),
      x.rows[n]?.[c.i] == null ? el("dd", { class: "null" }, "null") : el("dd", {}, x.rows[n][c.i])])));
}

function columnList(x) {
  const { shown, found } = visible(x);
  return section("Columns", rowsTable([["Column", "name"], ["Type", ""], ["Null", ""], ["In the record", "mono"]],
    shown.map((c) => [el("bdi", { class: !c.source && "own" }, c.name), c.type, c.nullable ? "yes" : "no", c.source])),
    found.length > shown.length ? el("p", { class: "facts" }, `${group(shown.length)} of ${group(found.length)} columns`) : null);
}

// A chart of what loads wrote. It is drawn when its width is known, and again
// when that changes.
const seriesMax = 7;

function chartFor(loads, names) {
  const totals = names.map((name) => ({ name, total: sum(loads.map((l) => written(l, name))) })).filter((s) => s.total > 0);
  totals.sort((a, b) => b.total - a.total);
  const top = totals.length > seriesMax + 1 ? totals.slice(0, seriesMax) : totals;
  const series = top.map((s, i) => ({ name: s.name, kind: "c" + i, values: loads.map((l) => written(l, s.name)) }));
  if (top.length < totals.length) {
    const rest = totals.slice(top.length);
    series.push({ name: plural(rest.length, "other table"), kind: "c7", values: loads.map((l) => sum(rest.map((s) => written(l, s.name)))) });
  }
  if (series.length === 0) return el("p", { class: "faint" }, "No load that is still listed wrote a row.");
  const figure = el("figure", { class: "chart", tabindex: "0", role: "group", "data-key": "chart", "aria-label": `Rows by load, ${plural(loads.length, "load")}. The arrow keys go from load to load.`,
    keydown: (e) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[e.key];
      if (step) { e.preventDefault(); choose(figure, Math.max(0, Math.min(loads.length - 1, (now.chosen ?? (step > 0 ? -1 : loads.length)) + step))); }
    } });
  Object.assign(figure, { loads, series });
  return figure;
}

// ceiling is where the chart ends: a few values far above all others are cut
// there, because nothing else could be seen beside them.
function ceiling(values) {
  const some = values.filter((v) => v > 0).sort((a, b) => a - b), far = Math.max(1, Math.floor(some.length / 10));
  if (some.length < 6) return some.at(-1);
  const others = some.at(-1 - far);
  return some.at(-1) > 8 * others ? others * 1.4 : some.at(-1);
}

// ticks are up to five round numbers below top.
function ticks(top) {
  const power = 10 ** Math.floor(Math.log10(top / 5));
  const step = Math.max(1, [1, 2, 5, 10].map((f) => f * power).find((s) => top / s <= 5));
  return Array.from({ length: Math.floor(top / step) }, (_, i) => (i + 1) * step);
}

function drawCharts() {
  for (const figure of document.querySelectorAll("figure.chart")) drawChart(figure);
}

function drawChart(figure) {
  const { loads, series } = figure, width = Math.max(200, Math.min(figure.clientWidth, 1100)), height = 170;
  const totals = loads.map((_, i) => sum(series.map((s) => s.values[i]))), top = ceiling(totals);
  const marks = ticks(top), left = 8 + 7 * group(marks.at(-1) ?? top).length, right = width - 4, floor = height - 22, roof = 14;
  const y = (v) => floor - (floor - roof) * Math.min(v, top) / top;
  const step = Math.min(46, (right - left) / loads.length), bar = Math.max(1, step - Math.min(4, step * 0.25));
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, "aria-hidden": "true", preserveAspectRatio: "xMinYMin meet" });
  for (const v of marks) root.append(svg("line", { class: "rule", x1: left, x2: right, y1: y(v), y2: y(v) }), svg("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, group(v)));
  loads.forEach((load, i) => {
    const x = left + i * step, g = svg("g", { "data-load": i, mousemove: () => choose(figure, i) }, svg("rect", { class: "hit", x, y: roof - 12, width: step, height: floor - roof + 12 }));
    let below = 0;
    for (const s of series) {
      if (s.values[i] === 0) continue;
      const from = y(below), to = Math.min(y(below + s.values[i]), from);
      below += s.values[i];
      g.append(svg("rect", { class: s.kind, x: x + (step - bar) / 2, width: bar, y: below <= s.values[i] ? Math.min(to, floor - 1.5) : to, height: Math.max(from - to, below <= s.values[i] ? 1.5 : 0) }));
    }
    if (totals[i] > top) {
      const at = roof + 10;
      g.append(svg("path", { class: "cut", d: `M${x} ${at + 3} L${x + step} ${at - 3}` }), svg("text", { x: x + step / 2, y: roof - 3, "text-anchor": i < loads.length / 2 ? "start" : "end" }, group(totals[i])));
    }
    root.append(g);
  });
  root.append(svg("line", { class: "axis", x1: left, x2: right, y1: floor + 0.5, y2: floor + 0.5 }));
  const label = (i, anchor) => svg("text", { x: anchor === "start" ? left : left + loads.length * step, y: height - 6, "text-anchor": anchor }, `load ${group(loads[i].number)}, ${stamp(loads[i].committed).slice(0, 10)}`);
  root.append(label(0, "start"));
  if (loads.length * step > 300) root.append(label(loads.length - 1, "end"));
  const legend = series.length < 2 ? null : el("ul", { class: "legend" }, series.map((s) =>
    el("li", {}, svg("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, svg("rect", { class: s.kind, width: 10, height: 10, rx: 2 })), el("bdi", { title: s.name }, s.name))));
  figure.replaceChildren(root, legend ?? "", el("figcaption", { "aria-live": "polite" }));
  choose(figure, now.chosen ?? loads.length - 1, true);
}

// choose tells of one load under the chart.
function choose(figure, i, quiet) {
  if (!figure.loads[i]) return;
  if (!quiet) now.chosen = i;
  for (const g of figure.querySelectorAll("g[data-load]")) g.classList.toggle("chosen", now.chosen === i && Number(g.dataset.load) === i);
  const load = figure.loads[i];
  const parts = figure.series.filter((s) => s.values[i] > 0).map((s) => `${s.name} ${group(s.values[i])}`);
  figure.querySelector("figcaption").textContent = `Load ${group(load.number)}, ${stamp(load.committed)}: ${parts.join(", ") || "no rows"}`;
}

new ResizeObserver(drawCharts).observe($("main"));
addEventListener("hashchange", routed);
$("skip").addEventListener("click", (e) => { e.preventDefault(); $("main").focus(); });
$("reload").addEventListener("click", async () => { now.tags = {}; await refresh(true); say("Reloaded"); });
setInterval(() => { if (!document.hidden) refresh(false); }, pollEvery);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(false); });
routed();
