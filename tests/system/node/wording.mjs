// What the dashboard says in every state there is, held against what is so then. Without a browser: its words are a
// module of their own.

import { send } from "./requests.mjs";

const states = [
  { state: "up", reason: null },
  { state: "held", reason: "asked-to-wait: 429 Slow down" },
  ...["unreachable", "failing", "wrong-url", "redirected"].map((code) => ({ state: "open", reason: `${code}: it is` })),
  ...["by-hand", "key-refused", "proxy-refused", "rejecting-everything"].map((code) => ({
    state: "paused",
    reason: `${code}: it is`,
  })),
];
const reasons = ["stopping", "queue-full", "disk-full"];
const refusing = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => reasons.filter((_, n) => bits & (1 << n)));
const bounds = { bytes: 2048, maxBytes: 1 << 20, maxEvents: 3 };
const queues = [
  { pending: 3, dead: 0, ...bounds },
  { pending: 0, dead: 3, ...bounds },
  { pending: 0, dead: 0, ...bounds },
  { pending: 3, dead: 0, ...bounds, bytes: 1 << 20, maxEvents: 1000 },
];

// [what is wrong with the words, whether it is]
function faultsOf(all, { upstream, queue, notReady }, refusal) {
  const full = notReady.includes("queue-full");
  const bound = queue.pending + queue.dead >= queue.maxEvents ? "`queue.max_events`" : "`queue.max_bytes`";
  const moves = upstream.state === "up" && notReady.every((reason) => reason === "queue-full");
  return [
    ["refuses, and does not say so", notReady.length > 0 && !refusal?.title.startsWith("New events are refused: ")],
    ["takes events, and says that it refuses them", notReady.length === 0 && refusal !== null],
    ["says that events are taken", notReady.length > 0 && /events are (still )?taken/i.test(all)],
    ["says that all is well", notReady.length > 0 && /everything is/i.test(all)],
    ["says that nothing is lost, which holds only for what was taken", /nothing is lost/.test(all)],
    ["says that delivery goes on", !moves && /delivery goes on|being delivered/.test(all)],
    ["says how to make room, and not by the bound that is reached", full && !refusal?.todo.includes(bound)],
    ["names a bound that is not reached", /`queue\.max_\w+`/.exec(all)?.[0] === (full ? undefined : bound)],
    ["tells of dead events, of which there are none", queue.dead === 0 && /dead/i.test(all)],
    ["says what apps get more than once", all.split("Apps get 503").length > 2],
  ];
}

export async function wrongWords(address) {
  const source = (await send(address, { method: "GET", target: "/dashboard/words.js" })).body;
  const words = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  const wrong = new Set();
  for (const upstream of states)
    for (const notReady of refusing)
      for (const queue of queues) {
        const status = { upstream, queue, notReady };
        const refusal = words.refusalInWords(status);
        const { title, todo } = words.upstreamInWords(status);
        const all = [refusal?.title, refusal?.todo, title, todo].filter(Boolean).join(" ");
        const where = `${upstream.state} (${upstream.reason}), refusing for ${notReady.join(", ") || "nothing"}`;
        for (const [fault, is] of faultsOf(all, status, refusal)) if (is) wrong.add(`${where}: ${fault}: ${all}`);
      }
  return [...wrong];
}
