// The upper half of the page: how the upstream fares, and what is in the queue.

import {
  bytes,
  duration,
  moment,
  number,
  rate,
  refusalInWords,
  secondsSince,
  upstreamInWords,
  visible,
} from "/dashboard/words.js";

const at = (id) => document.getElementById(id);

const shown = new Map();

function say(id, text, made = (plain) => [plain]) {
  if (shown.get(id) === text) return;
  shown.set(id, text);
  at(id).replaceChildren(...made(text ?? ""));
  at(id).hidden = !text;
}

// What stands between backticks is something to type.
function withCode(text) {
  return text.split("`").map((part, n) => {
    if (n % 2 === 0) return part;
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  });
}

const mostProblems = 5;

// A list of lines.
const asList = (text) =>
  text.split("\n").map((line) => {
    const item = document.createElement("li");
    item.append(Object.assign(document.createElement("bdi"), { textContent: line }));
    return item;
  });

function showReload({ lastReload }) {
  const refused = lastReload?.success === false;
  const problems = refused ? lastReload.problems.map(visible) : [];
  const more = problems.splice(mostProblems).length;
  if (more > 0) problems.push(`${number(more)} more`);
  const when = refused && moment(lastReload.at);
  say("reload-title", refused ? `The reload at ${when} was refused, and what was in use before it stays in use.` : "");
  say("reload-problems", problems.join("\n"), asList);
  at("reload").hidden = !refused;
}

function showRefusal(refusal) {
  say("refusal-title", refusal?.title);
  say("refusal-todo", refusal?.todo, withCode);
  at("refusal").hidden = !refusal;
}

let told = ""; // what the screen reader was told last
let refused = false;

// What is refused is told by its own alert, and what is over is not.
function announce(words, refusal) {
  const again = refused && !refusal ? "New events are taken again. " : "";
  const now = words.code === "up" ? "The upstream is up." : `${words.title}. ${words.reason ?? ""}`;
  if (again || told !== words.code) at("announcer").textContent = visible(again + now);
  told = words.code;
  refused = refusal !== null;
}

export function showStatus(status) {
  const words = upstreamInWords(status);
  const refusal = refusalInWords(status);
  showRefusal(refusal);
  showReload(status.configuration);
  at("headline").dataset.tone = words.tone;
  delete at("headline").dataset.stale;
  say("state-word", words.word);
  say("headline-title", words.title);
  say("reason-text", words.reason && visible(words.reason));
  at("reason").hidden = !words.reason;
  say("todo", words.todo, withCode);
  say("times", timesOf(status.upstream));
  showFigures(status);
  say("rate-accepted", rate(status.rates.acceptedPerSecond));
  say("rate-delivered", rate(status.rates.deliveredPerSecond));
  say("totals", totalsOf(status.totals));
  say("version", `posthaste ${status.version}, up for ${duration(status.uptimeSeconds)}`);
  const trouble = `${refusal ? "New events are refused. " : ""}${words.code === "up" ? "" : `${words.title}. `}`;
  document.title = `${trouble}${number(status.queue.pending)} waiting – posthaste`;
  announce(words, refusal);
}

function timesOf({ since, nextProbeAt }) {
  const parts = [];
  if (since) parts.push(`Since ${moment(since)}, for ${duration(secondsSince(since))}`);
  if (nextProbeAt) {
    const left = -secondsSince(nextProbeAt);
    parts.push(left > 0.5 ? `next try in ${duration(left)}` : "trying now");
  }
  return parts.join(" · ") || null;
}

function totalsOf({ accepted, delivered, discarded, purged }) {
  const parts = [`${number(accepted)} accepted`, `${number(delivered)} delivered`];
  if (discarded > 0) parts.push(`${number(discarded)} discarded by hand`);
  if (purged > 0) parts.push(`${number(purged)} dead ones forgotten after their time`);
  return `In all: ${parts.join(", ")}.`;
}

// [label, figure, what explains it, whether it needs a look]
function figuresOf({ queue, upstream }) {
  const waiting = queue.pending - queue.inFlight - queue.retrying;
  return [
    ["Pending", number(queue.pending), queue.pending ? `${bytes(queue.bytes)} on disk` : "nothing waits"],
    ["In flight", number(queue.inFlight), `of ${number(upstream.concurrency)} at once`],
    ["Retrying", number(queue.retrying), `${number(Math.max(waiting, 0))} not tried yet`],
    ["Oldest", queue.oldestAgeSeconds === null ? "–" : duration(queue.oldestAgeSeconds), "pending event"],
    ["Empty in", ...etaOf(queue)],
    ["Room", roomOf(queue), capacityOf(queue), fullness(queue) > 0.8],
    ["Dead", number(queue.dead), queue.dead ? "need a look" : "none", queue.dead > 0],
  ];
}

function etaOf({ pending, drainEtaSeconds }) {
  if (pending === 0) return ["–", "nothing waits"];
  return drainEtaSeconds === null ? ["–", "not at these rates"] : [duration(drainEtaSeconds), "at these rates"];
}

const fullness = ({ pending, dead, maxEvents, bytes: used, maxBytes }) =>
  Math.max((pending + dead) / maxEvents, used / maxBytes);

function roomOf(queue) {
  const free = (1 - fullness(queue)) * 100;
  return free > 99 && free < 100 ? "> 99 %" : `${Math.floor(Math.max(free, 0))} %`;
}

function capacityOf({ outageCapacitySeconds }) {
  return outageCapacitySeconds === null ? "of the queue is free" : `lasts ${duration(outageCapacitySeconds)}`;
}

function showFigures(status) {
  const list = at("figures");
  figuresOf(status).forEach(([label, figure, note, warns], n) => {
    const box = list.children[n] ?? list.appendChild(emptyFigure());
    box.dataset.warns = Boolean(warns);
    [label, figure, note].forEach((text, part) => {
      if (box.children[part].textContent !== text) box.children[part].textContent = text;
    });
  });
}

function emptyFigure() {
  const box = document.createElement("div");
  box.append(...["dt", "dd", "dd"].map((name) => document.createElement(name)));
  box.children[1].className = "figure";
  box.children[2].className = "note";
  return box;
}
