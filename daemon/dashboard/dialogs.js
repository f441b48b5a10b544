// What opens over the page: an event with all its facts, and the question before something is removed.

import { ago, laidOut, moment, visible } from "/dashboard/words.js";

const at = (id) => document.getElementById(id);

// Whether the person wants it.
export function askFirst(title, text, yes) {
  const dialog = at("question");
  at("question-title").textContent = title;
  at("question-text").textContent = text;
  at("question-yes").textContent = yes;
  at("question-yes").onclick = () => dialog.close("yes");
  at("question-no").onclick = () => dialog.close("no");
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function factsOf(event) {
  const { lastError, response } = event;
  return [
    ["Id", event.id],
    ["User", event.userId],
    ["State", event.reason ? `${event.state}: ${event.reason}` : event.state],
    ["Received", event.receivedAt && `${moment(event.receivedAt)}, ${ago(event.receivedAt)}`],
    ["Died", event.deadAt && `${moment(event.deadAt)}, ${ago(event.deadAt)}`],
    ["Attempts", String(event.attempts)],
    ["Last error", lastError && `${lastError.status ? `${lastError.status} ` : ""}${lastError.message}`],
    ["Answer", response && String(response.status)],
  ].filter(([, text]) => text);
}

// `answer` is the text of GET /v1/events/{id}. Its data stands last and is shown as it is there: to read it as
// JavaScript's numbers would change long ones. The actions close the dialog first.
export function showDetails(answer, { retry, discard }) {
  const dialog = at("details");
  const event = JSON.parse(answer);
  at("details-title").replaceChildren(isolated(event.event));
  at("details-facts").replaceChildren(
    ...factsOf(event).flatMap(([label, text]) => {
      const [term, fact] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = label;
      fact.append(isolated(text));
      return [term, fact];
    }),
  );
  const start = '"data":';
  const data = answer.slice(answer.indexOf(start) + start.length, answer.lastIndexOf("}"));
  at("details-data").textContent = event.data === null ? "No longer kept." : visibleLines(laidOut(data));
  at("details-retry").onclick = () => (dialog.close(), retry());
  at("details-discard").onclick = () => (dialog.close(), discard());
  at("details-close").onclick = () => dialog.close();
  dialog.showModal();
}

const visibleLines = (text) => text.split("\n").map(visible).join("\n");

// Text from outside: its direction ends with it.
export function isolated(text) {
  const made = document.createElement("bdi");
  made.textContent = visible(text);
  return made;
}
