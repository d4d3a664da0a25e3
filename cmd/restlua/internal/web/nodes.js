// Nodes, and numbers and times as texts, for the page of restlua show --web.

// el makes an element. A function among the attributes is a listener, true is an
// attribute without value; undefined and false are left out.
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
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

export const group = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
export const plural = (n, noun) => group(n) + " " + (n === 1 ? noun : noun + "s");
export const sum = (values) => values.reduce((a, b) => a + b, 0);

export function size(bytes) {
  if (bytes < 1000) return plural(bytes, "byte");
  let unit = -1;
  while (bytes >= 999.5 || unit < 0) { bytes /= 1000; unit++; }
  return (bytes < 9.95 ? bytes.toFixed(1) : Math.round(bytes)) + " " + ["KB", "MB", "GB", "TB", "PB", "EB"][unit];
}

export function stamp(time) {
  const d = new Date(time), two = (n) => String(n).padStart(2, "0");
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

export function ago(time) {
  const minutes = Math.floor((Date.now() - new Date(time)) / 60000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return plural(minutes, "minute") + " ago";
  if (minutes < 48 * 60) return plural(Math.floor(minutes / 60), "hour") + " ago";
  return plural(Math.floor(minutes / 1440), "day") + " ago";
}
