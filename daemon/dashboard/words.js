// Numbers, times and states, as people say them.

const whole = new Intl.NumberFormat("en");
const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export const number = (value) => whole.format(value);
export const rate = (value) => (value >= 100 ? whole.format(Math.round(value)) : tenths.format(value));

export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), units.length - 1);
  return `${tenths.format(value / 1024 ** step)} ${units[step]}`;
}

// Its two largest parts.
export function duration(seconds) {
  const left = Math.max(0, Math.round(seconds));
  const [days, hours, minutes] = [Math.floor(left / 86400), Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60];
  if (days > 99) return `${number(days)} days`;
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  return minutes > 0 ? `${minutes} min` : `${left} s`;
}

export const secondsSince = (time) => (Date.now() - Date.parse(time)) / 1000;

export function ago(time) {
  const seconds = secondsSince(time);
  return seconds < 5 ? "just now" : `${duration(seconds)} ago`;
}

export function moment(time) {
  const at = new Date(time);
  const today = at.toDateString() === new Date().toDateString();
  return today ? at.toLocaleTimeString("en-GB") : `${at.toLocaleDateString("en-CA")} ${at.toLocaleTimeString("en-GB")}`;
}

// What a terminal or a reader of bidirectional text would act upon is shown instead: ␛, \u202e.
export function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0);
    if (code === 0x200d || code === 0x200c) return character; // joiners, which scripts and emoji need
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

const kept = (notReady) =>
  notReady.length > 0
    ? "What was taken is kept meanwhile, and is not lost."
    : "Events are taken and kept as long as there is room, and none that was taken is lost.";

// How a full queue gets room again.
function roomAgain({ pending, dead, maxEvents }) {
  const bound = pending + dead >= maxEvents ? "queue.max_events" : "queue.max_bytes";
  const raise = `raise \`${bound}\` and reload (SIGHUP).`;
  if (pending > 0) return `There is room again as events are delivered; or discard what nobody needs, or ${raise}`;
  return dead > 0 ? `Dead events take up room: retry or discard them, or ${raise}` : `To make room, ${raise}`;
}

// Why new events are refused, and what to do.
const refusals = {
  stopping: ["posthaste is stopping", () => "It takes events again once it is back."],
  "queue-full": ["the queue is full", roomAgain],
  "disk-full": [
    "the queue’s disk is short of room",
    () => "Make room on it; or, where `queue.disk_reserve` asks for too much, lower that and reload (SIGHUP).",
  ],
};

// {title, todo}; null while events are taken.
export function refusalInWords({ notReady, queue }) {
  if (notReady.length === 0) return null;
  const words = notReady.map((reason) => refusals[reason] ?? [reason, () => "See the log of posthaste."]);
  return {
    title: `New events are refused: ${words.map(([why]) => why).join(", and ")}.`,
    todo: `Apps get 503, and have to send them again later. ${words.map(([, todo]) => todo(queue)).join(" ")}`,
  };
}

// Of a reason's code: what is the matter, and what to do.
const matters = {
  unreachable: [
    "The upstream cannot be reached",
    "See whether it is up, and whether the way there is open: `posthaste check --upstream`.",
  ],
  failing: [
    "The upstream fails",
    "It has to be put right where it runs; sending goes on by itself once it answers.",
  ],
  "asked-to-wait": ["The upstream asked for a break", "There is nothing to do: sending goes on by itself."],
  "key-refused": [
    "The upstream refuses the API key",
    "Put the right key into the file that `upstream.api_key_file` names: it is tried within a second. A key from systemd or the environment needs a restart.",
  ],
  "wrong-url": ["The upstream’s address seems wrong", "Correct `upstream.url` and reload (SIGHUP)."],
  redirected: ["The upstream’s address seems wrong", "Correct `upstream.url` and reload (SIGHUP)."],
  "proxy-refused": ["The proxy refuses us", "Put the credentials into `upstream.proxy` and reload (SIGHUP)."],
  "by-hand": ["Delivery is paused", "Somebody stopped it. Resume it when you are ready."],
  "rejecting-everything": [
    "The upstream rejects everything",
    "Check `upstream.url`, the API key and what the events hold; then resume delivery.",
  ],
};
const states = {
  up: { word: "Up", tone: "good" },
  held: { word: "On hold", tone: "warm" },
  open: { word: "Failing", tone: "bad" },
  paused: { word: "Paused", tone: "bad" },
};

// A daemon that stops sends nothing more, nor does one whose disk cannot even take down what became of events.
function titleWhenUp({ pending, dead }, notReady) {
  const sends = notReady.every((reason) => reason === "queue-full");
  if (pending > 0) return sends ? "Events are being delivered" : "Events are waiting";
  return dead > 0 || notReady.length > 0 ? "Nothing is waiting" : "Everything is delivered";
}

// How the upstream fares: {word, tone, title, reason, todo}.
export function upstreamInWords({ upstream, queue, notReady }) {
  const state = states[upstream.state] ?? { word: upstream.state, tone: "bad" };
  if (upstream.state === "up")
    return { ...state, title: titleWhenUp(queue, notReady), code: "up" };
  const [, code, text] = /^([a-z-]+): (.*)$/s.exec(upstream.reason ?? "") ?? [null, "", upstream.reason ?? ""];
  const [title, todo] = matters[code] ?? ["The upstream takes no events", "See the log of posthaste."];
  const byHand = code === "by-hand";
  return {
    word: state.word,
    tone: byHand ? "warm" : state.tone,
    title,
    code,
    reason: byHand || text === "" ? null : text[0].toUpperCase() + text.slice(1),
    todo: `${todo} ${kept(notReady)}`,
  };
}

// JSON as it was sent, number by number, only laid out. `text` is valid.
export function laidOut(text) {
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  return text.replace(/"(?:[^"\\]|\\.)*"|[{[]\s*[}\]]|[{}[\],:]|\s+/g, (token) => {
    if (token.trim() === "") return "";
    if (token === "{" || token === "[") return token + ((depth += 1), line());
    if (token === "}" || token === "]") return ((depth -= 1), line()) + token;
    if (token === ",") return token + line();
    return token === ":" ? ": " : token;
  });
}
