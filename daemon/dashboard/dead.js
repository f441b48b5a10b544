// The table of dead events, and what can be done about them.

import { ask } from "/dashboard/api.js";
import { askFirst, isolated, showDetails } from "/dashboard/dialogs.js";
import { ago, moment, number } from "/dashboard/words.js";

const at = (id) => document.getElementById(id);
const pageSize = 25;

export class DeadEvents {
  #notify;
  #failed;
  #events = [];
  #cursor = null;
  #wanted = pageSize;
  #filter = {};
  #count = null; // as the status told it last
  #loading = false;
  #again = false;

  // `notify(text)` tells the person; `failed(refusal)` too, that something did not work.
  constructor({ notify, failed }) {
    this.#notify = notify;
    this.#failed = failed;
    at("more").onclick = () => this.#more();
    at("retry-all").onclick = () => this.#retryAll();
    at("filter").onsubmit = (event) => (event.preventDefault(), this.#applyFilter());
    at("filter").onreset = () => setTimeout(() => this.#applyFilter());
    at("filter-reason").onchange = () => this.#applyFilter();
  }

  // The status says how many there are: when that changes, the table is asked for anew.
  counted(count) {
    at("dead-count").textContent = count ? number(count) : "";
    if (count === this.#count) return this.#tick();
    this.#count = count;
    this.#load();
  }

  forget() {
    this.#count = null;
  }

  #applyFilter() {
    const given = new FormData(at("filter"));
    this.#filter = Object.fromEntries([...given].filter(([, value]) => value !== ""));
    this.#wanted = pageSize;
    this.#load();
  }

  #more() {
    this.#wanted = this.#events.length + pageSize;
    this.#load();
  }

  // One load at a time; what is asked for meanwhile comes next.
  async #load() {
    this.#again = this.#loading;
    if (this.#loading) return;
    this.#loading = true;
    try {
      await this.#fetch();
    } catch (refusal) {
      this.#failed(refusal);
    }
    this.#loading = false;
    this.#show();
    if (this.#again) this.#load();
  }

  // The API filters by all but the reason, and a page may be short and not the last.
  async #fetch() {
    const { reason, ...query } = this.#filter;
    const found = [];
    let cursor = null;
    do {
      const parameters = new URLSearchParams({ state: "dead", limit: "100", ...query, ...(cursor && { cursor }) });
      const { value } = await ask("GET", `/v1/events?${parameters}`);
      found.push(...value.events.filter((event) => !reason || event.reason === reason));
      cursor = value.nextCursor;
    } while (cursor && found.length <= this.#wanted);
    this.#events = found.slice(0, this.#wanted);
    this.#cursor = found.length > this.#wanted ? "more" : cursor;
  }

  #show() {
    const any = this.#events.length > 0;
    const filtered = Object.keys(this.#filter).length > 0;
    at("dead-none").hidden = any || filtered || this.#count > 0;
    at("dead-no-match").hidden = any || !filtered;
    at("filter").hidden = !any && !filtered;
    at("dead-table").hidden = !any;
    at("more").hidden = !this.#cursor;
    at("retry-all").hidden = !any;
    at("retry-all").textContent = filtered ? "Retry all that match" : "Retry all";
    this.#showRows();
  }

  // A row stays the same element, so that the focus stays where it is.
  #showRows() {
    const rows = at("dead-rows");
    const old = new Map([...rows.children].map((row) => [row.dataset.id, row]));
    const ids = new Set(this.#events.map((event) => event.id));
    const focused = rows.contains(document.activeElement) ? document.activeElement : null;
    const next = focused && this.#heir(focused, ids);
    const order = this.#events.map((event) => old.get(event.id) ?? this.#row(event));
    [...rows.children].filter((row) => !ids.has(row.dataset.id)).forEach((row) => row.remove());
    order.forEach((row, n) => rows.children[n] !== row && rows.insertBefore(row, rows.children[n] ?? null));
    if (next) next.focus();
    this.#tick();
  }

  // Where the focus goes when its row goes: to the same button of the next row that stays, else to the heading.
  #heir(focused, ids) {
    const row = focused.closest("tr");
    if (ids.has(row.dataset.id)) return null;
    const action = focused.dataset.action;
    for (const way of ["nextElementSibling", "previousElementSibling"])
      for (let other = row[way]; other; other = other[way])
        if (ids.has(other.dataset.id)) return other.querySelector(`[data-action="${action}"]`);
    return at("dead");
  }

  #row(event) {
    const row = document.createElement("tr");
    row.dataset.id = event.id;
    row.setAttribute("role", "row");
    const cells = ["event", "user", "reason", "died", "actions"].map((name) => {
      const cell = document.createElement("td");
      cell.className = name;
      cell.setAttribute("role", "cell");
      return row.appendChild(cell);
    });
    cells[0].append(isolated(event.event));
    cells[1].append(isolated(event.userId));
    cells[2].append(...this.#reason(event));
    cells[3].append(this.#time(event.deadAt));
    cells[4].append(...this.#actions(event));
    return row;
  }

  #reason({ reason, lastError }) {
    const label = document.createElement("span");
    label.className = "label";
    label.textContent = reason;
    if (!lastError) return [label];
    const message = document.createElement("span");
    message.className = "message";
    message.append(isolated(`${lastError.status ? `${lastError.status} ` : ""}${lastError.message}`));
    return [label, " ", message];
  }

  #time(time) {
    const made = document.createElement("time");
    if (!time) return made;
    made.dateTime = time;
    made.title = moment(time);
    return made;
  }

  #actions(event) {
    const what = `${event.event} of ${event.userId}`;
    const button = (name, text, action) => {
      const made = document.createElement("button");
      made.type = "button";
      made.dataset.action = name;
      made.textContent = text;
      const about = document.createElement("span");
      about.className = "unseen";
      about.append(" ", isolated(what));
      made.append(about);
      made.onclick = action;
      return made;
    };
    return [
      button("details", "Details", () => this.#details(event)),
      button("retry", "Retry", () => this.#retry(event)),
      button("discard", "Discard …", () => this.#discard(event)),
    ];
  }

  #tick() {
    for (const time of at("dead-rows").getElementsByTagName("time"))
      if (time.dateTime) time.textContent = ago(time.dateTime);
  }

  async #try(action) {
    try {
      await action();
    } catch (refusal) {
      this.#failed(refusal);
    }
  }

  #details(event) {
    return this.#try(async () => {
      const { text } = await ask("GET", `/v1/events/${event.id}`);
      showDetails(text, { retry: () => this.#retry(event), discard: () => this.#discard(event) });
    });
  }

  #retry(event) {
    return this.#try(async () => {
      await ask("POST", `/v1/events/${event.id}/retry`);
      this.#gone(event);
      this.#notify("The event is on its way again.");
    });
  }

  async #discard(event) {
    const text = "The event is removed for good, and never delivered.";
    if (!(await askFirst("Discard this event?", text, "Discard"))) return;
    await this.#try(async () => {
      await ask("DELETE", `/v1/events/${event.id}`);
      this.#gone(event);
      this.#notify("The event was discarded.");
    });
  }

  #gone(event) {
    this.#events = this.#events.filter((other) => other.id !== event.id);
    this.#show();
  }

  // 10,000 a call: it goes on until the daemon says that there are no more.
  #retryAll() {
    return this.#try(async () => {
      const { event, userId, reason } = this.#filter;
      at("retry-all").disabled = true;
      try {
        let retried = 0;
        for (let next = {}; next; ) {
          const { value } = await ask("POST", "/v1/retry", { event, userId, reason, ...next });
          retried += value.retried;
          next = value.continue && { continue: value.continue };
          if (next) this.#notify(`${number(retried)} are on their way again, ${number(value.remaining)} to go.`);
        }
        this.#notify(`${number(retried)} ${retried === 1 ? "event is" : "events are"} on their way again.`);
      } finally {
        at("retry-all").disabled = false;
      }
      at("dead").focus();
      this.#load();
    });
  }
}
