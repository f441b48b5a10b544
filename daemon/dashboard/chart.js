// What was accepted and delivered a second in the last 15 minutes, drawn as SVG.

import { duration, rate } from "/dashboard/words.js";

const span = 15 * 60; // seconds
const height = 190;
const space = { top: 12, right: 2, bottom: 24, left: 40 };

function element(name, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

// The least of 1, 2, 5, 10, 20 … that is not below.
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}

export class Chart {
  #svg;
  #readout;
  #says;
  #points = []; // {at, accepted, delivered}; `at` is the span's end, in seconds since the epoch
  #each = 5;
  #marker = element("line", { class: "marker", y1: space.top, y2: height - space.bottom, visibility: "hidden" });

  constructor(svg, readout, says) {
    this.#svg = svg;
    this.#readout = readout;
    this.#says = says;
    new ResizeObserver(() => this.#draw()).observe(svg);
    svg.addEventListener("pointermove", (event) => this.#point(event.offsetX));
    svg.addEventListener("pointerleave", () => this.#unpoint());
  }

  add({ from, secondsEach, accepted, delivered }) {
    this.#each = secondsEach;
    const start = Date.parse(from) / 1000;
    const fresh = accepted.map((value, n) => ({
      at: start + (n + 1) * secondsEach,
      accepted: value,
      delivered: delivered[n],
    }));
    if (fresh.length === 0) return;
    // After a restart of the daemon what it has forgotten stays.
    const known = fresh.findIndex((point) => point.accepted > 0 || point.delivered > 0);
    const since = fresh.length > 1 && this.#points.length > 0 ? fresh[Math.max(known, 0)].at : fresh[0].at;
    const before = this.#points.filter((point) => point.at < (known < 0 ? Infinity : since) - secondsEach / 2);
    const last = before.at(-1)?.at ?? 0;
    const end = fresh.at(-1).at;
    this.#points = [...before, ...fresh.filter((point) => point.at > last + secondsEach / 2)].filter(
      (point) => point.at > end - span - secondsEach / 2,
    );
    this.#draw();
  }

  get #width() {
    return Math.max(this.#svg.clientWidth, 200);
  }
  get #end() {
    return this.#points.at(-1)?.at ?? 0;
  }
  #x(at) {
    return space.left + ((at - (this.#end - span)) / span) * (this.#width - space.left - space.right);
  }

  #draw() {
    const most = Math.max(...this.#points.map((point) => Math.max(point.accepted, point.delivered)), 0);
    const top = roundUp(most);
    const y = (value) => height - space.bottom - (value / top) * (height - space.top - space.bottom);
    const line = (name) =>
      `M${this.#points.map((point) => `${this.#x(point.at).toFixed(1)} ${y(point[name]).toFixed(1)}`).join("L")}`;
    const drawn = [...this.#grid(top, y)];
    if (this.#points.length > 1) {
      const area = `${line("delivered")}L${this.#x(this.#end)} ${y(0)}L${this.#x(this.#points[0].at)} ${y(0)}Z`;
      drawn.push(element("path", { class: "area", d: area }));
      drawn.push(element("path", { class: "accepted", d: line("accepted") }));
      drawn.push(element("path", { class: "delivered", d: line("delivered") }));
    }
    this.#svg.setAttribute("viewBox", `0 0 ${this.#width} ${height}`);
    this.#svg.replaceChildren(...drawn, this.#marker);
    const highest = (name) => rate(Math.max(...this.#points.map((point) => point[name]), 0));
    this.#says.textContent =
      `Events a second in the last 15 minutes: at most ${highest("accepted")} accepted and ` +
      `${highest("delivered")} delivered.`;
  }

  *#grid(top, y) {
    for (const part of [0, 0.5, 1]) {
      const at = y(top * part);
      const ends = { x1: space.left, x2: this.#width - space.right, y1: at, y2: at };
      yield element("line", { class: part ? "rule" : "base", ...ends });
      yield element("text", { class: "tick", x: space.left - 8, y: at + 4, "text-anchor": "end" }, rate(top * part));
    }
    const narrow = this.#width < 460;
    for (const minutes of narrow ? [15, 10, 5, 0] : [15, 12, 9, 6, 3, 0]) {
      const anchor = minutes === 15 ? "start" : minutes === 0 ? "end" : "middle";
      const where = { x: this.#x(this.#end - minutes * 60), y: height - 4, "text-anchor": anchor };
      const past = narrow ? `−${minutes} min` : `${minutes} min ago`;
      yield element("text", { class: "tick", ...where }, minutes ? past : "now");
    }
  }

  #point(x) {
    const nearest = this.#points.reduce(
      (best, point) => (Math.abs(this.#x(point.at) - x) < Math.abs(this.#x(best.at) - x) ? point : best),
      this.#points[0],
    );
    if (!nearest) return;
    for (const name of ["x1", "x2"]) this.#marker.setAttribute(name, this.#x(nearest.at));
    this.#marker.setAttribute("visibility", "visible");
    const past = this.#end - nearest.at;
    const when = past < this.#each ? "now" : `${duration(past)} ago`;
    this.#readout.textContent = `${when}: ${rate(nearest.accepted)}/s accepted, ${rate(nearest.delivered)}/s delivered`;
  }

  #unpoint() {
    this.#marker.setAttribute("visibility", "hidden");
    this.#readout.textContent = "";
  }
}
