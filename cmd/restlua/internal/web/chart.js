// The chart of what loads wrote: a bar for each load, of the tables' rows that it
// added or updated. It is drawn when its width is known, and again when that
// changes.

import { el, group, plural, stamp, sum, svg } from "./nodes.js";

const seriesMax = 7; // tables with a colour of their own; the rest is one

const written = (load, table) => (load.changes?.[table]?.added ?? 0) + (load.changes?.[table]?.updated ?? 0);

// newChart makes the chart of some tables. at.load is the index of the load that
// the reader looks at, or null; it is kept there for the next time.
export function newChart(loads, names, at) {
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
      if (!step) return;
      e.preventDefault();
      choose(figure, Math.max(0, Math.min(loads.length - 1, (at.load ?? (step > 0 ? -1 : loads.length)) + step)));
    } });
  Object.assign(figure, { loads, series, at });
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

export function drawCharts() {
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
      g.append(svg("path", { class: "cut", d: `M${x} ${at + 3} L${x + step} ${at - 3}` }), svg("text", { x: x + step / 2, y: roof - 3, "text-anchor": "middle" }, group(totals[i])));
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
  choose(figure, figure.at.load ?? loads.length - 1, true);
}

// choose tells of one load under the chart.
function choose(figure, i, quiet) {
  if (!figure.loads[i]) return;
  if (!quiet) figure.at.load = i;
  for (const g of figure.querySelectorAll("g[data-load]")) g.classList.toggle("chosen", figure.at.load === Number(g.dataset.load));
  const load = figure.loads[i];
  const parts = figure.series.filter((s) => s.values[i] > 0).map((s) => `${s.name} ${group(s.values[i])}`);
  figure.querySelector("figcaption").textContent = `Load ${group(load.number)}, ${stamp(load.committed)}: ${parts.join(", ") || "no rows"}`;
}
