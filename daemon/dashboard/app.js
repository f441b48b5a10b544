// The dashboard: follows the stream, and ties the page's parts together.

import { ask, token } from "/dashboard/api.js";
import { showStatus } from "/dashboard/board.js";
import { Chart } from "/dashboard/chart.js";
import { DeadEvents } from "/dashboard/dead.js";
import { Stream } from "/dashboard/stream.js";
import { duration } from "/dashboard/words.js";

const at = (id) => document.getElementById(id);

let status = null;
let countdown = 0;

const chart = new Chart(at("chart"), at("readout"), at("chart-says"));
const dead = new DeadEvents({ notify, failed });
const stream = new Stream({ rates: (rates) => chart.add(rates), status: take, lost, refused });

function take(fresh) {
  status = fresh;
  show("board");
  setLink("live", "Live");
  at("gone").hidden = true;
  clearInterval(countdown);
  showStatus(status);
  dead.counted(status.queue.dead);
  at("switch").textContent = status.upstream.state === "paused" ? "Resume delivery" : "Pause delivery";
  at("switch").hidden = false;
}

function show(name) {
  for (const each of ["board", "door"]) at(each).hidden = each !== name;
  document.querySelector(".skip").hidden = name !== "board";
}

function setLink(state, text) {
  at("link").dataset.state = state;
  if (at("link-text").textContent !== text) at("link-text").textContent = text;
}

function lost(refusal, seconds) {
  setLink("lost", "Not connected");
  dead.forget(); // what is dead may be another number once it is back
  at("switch").hidden = true;
  at("headline").dataset.stale = "";
  const until = Date.now() + seconds * 1000;
  const old = status ? "What you see is what was known last. " : "";
  at("gone-title").textContent = refusal.message;
  const tell = () => {
    const left = Math.max(0, (until - Date.now()) / 1000);
    at("gone-text").textContent = `${old}${left < 1 ? "Trying again …" : `Trying again in ${duration(left)}.`}`;
  };
  clearInterval(countdown);
  countdown = setInterval(tell, 1000);
  tell();
  if (at("gone").hidden) at("announcer").textContent = refusal.message;
  at("gone").hidden = false;
  document.title = "Not connected – posthaste";
}

function refused(refusal) {
  const given = token.get() !== null;
  token.forget();
  stream.stop();
  clearInterval(countdown);
  at("gone").hidden = true;
  at("switch").hidden = true;
  setLink("waiting", "Token needed");
  document.title = "Token needed – posthaste";
  const why =
    refusal.status === 403
      ? "That token is an application’s; this page takes an operator’s."
      : "That token is not known here.";
  show("door");
  at("token-trouble").textContent = given ? why : "";
  at("token").value = "";
  at("token").focus();
}

at("token-form").onsubmit = (event) => {
  event.preventDefault();
  const given = at("token").value.trim();
  if (!/^[\x21-\x7e]+$/.test(given)) {
    at("token-trouble").textContent = "A token has no spaces and only plain characters.";
    return;
  }
  token.set(given);
  setLink("waiting", "Connecting …");
  stream.start();
};

at("switch").onclick = async () => {
  const paused = status.upstream.state === "paused";
  try {
    const { value } = await ask("POST", paused ? "/v1/resume" : "/v1/pause");
    take({ ...status, upstream: value });
    notify(paused ? "Delivery is resumed." : "Delivery is paused. What was taken is kept.");
  } catch (refusal) {
    failed(refusal);
  }
};

at("try-now").onclick = () => stream.start();

function notify(text) {
  at("notice").textContent = text;
  at("notice").dataset.tone = "good";
  hideNoticeLater();
}

function failed(refusal) {
  if (refusal.status === 401) return refused(refusal);
  at("notice").textContent = refusal.message;
  at("notice").dataset.tone = "bad";
  hideNoticeLater();
}

let noticeTimer = 0;
function hideNoticeLater() {
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => (at("notice").textContent = ""), 8000);
}

// A page that nobody sees follows nothing: there may be 16 listeners, and an idle daemon may sleep.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) stream.stop();
  else if (at("door").hidden) stream.start();
});

stream.start();
