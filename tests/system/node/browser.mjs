// A real Chromium, and pages in it that try to reach a running posthaste.
//
//   node browser.mjs CHROMIUM ADDRESS     prints a JSON line for each thing tried; exit code 77: no browser here

import http from "node:http";
import { launch } from "./page.mjs";
import { report, reportEnd, send } from "./requests.mjs";

const [executablePath, address] = process.argv.slice(2);
const port = new URL(address).port;
const event = (user) => JSON.stringify({ event: "Ticket Created", userId: user, data: { ticketName: "From a page" } });

async function accepted() {
  const status = await send(address, { method: "GET", target: "/v1/status" });
  return JSON.parse(status.body).totals.accepted;
}

let from = ""; // where the pages are

// Reports what is wrong with what came of a try, and whether it stored as many events as it should.
async function tried(what, expected, stored, action) {
  const before = await accepted();
  const outcome = await action();
  const more = (await accepted()) - before;
  const wrong = expected(outcome) ? [] : [`what came of it is ${JSON.stringify(outcome)}`];
  if (more !== stored) wrong.push(`${more} events were stored, and not ${stored}`);
  report(what + from, wrong);
}

// What a page can tell of a request by fetch: its type, status and text, or that it failed.
const fetching = (page, url, options = {}) =>
  page.evaluate(
    async ([target, init]) => {
      try {
        const response = await fetch(target, init);
        return { type: response.type, status: response.status, text: await response.text() };
      } catch (error) {
        return { failed: error.name };
      }
    },
    [url, options],
  );

const isShut = ({ failed }) => failed === "TypeError";
// A request without CORS leaves the page in the dark; only the number of events shows what became of it.
const isDark = ({ type, status, text }) => type === "opaque" && status === 0 && text === "";
const posting = (type, more) => ({ method: "POST", headers: { "Content-Type": type }, body: event("page"), ...more });

async function tryToPost(page, base) {
  const url = `${base}/run/event`;
  const isRefused = (answer) => answer.status === 403;
  await tried("fetch with JSON", isShut, 0, () => fetching(page, url, posting("application/json")));
  await tried("fetch with text", isShut, 0, () => fetching(page, url, posting("text/plain")));
  const unseen = posting("text/plain", { mode: "no-cors" });
  await tried("fetch without CORS", isDark, 0, () => fetching(page, url, unseen));
  await tried("its answer", isRefused, 0, () => answerTo(page, url, () => fetching(page, url, unseen)));
  await tried("a beacon", isRefused, 0, () =>
    answerTo(page, url, () => page.evaluate(([to, body]) => navigator.sendBeacon(to, body), [url, event("beacon")])),
  );
  await tried("a WebSocket", (outcome) => outcome.includes("Unexpected response code: 403"), 0, () =>
    openWebSocket(page, url),
  );
  const home = page.url();
  await tried("a form", isRefused, 0, () => answerTo(page, url, () => postForm(page, url)));
  await page.waitForURL(url);
  await page.goto(home);
}

// The answer that the browser got to the request that the action makes, which the page itself may not see.
async function answerTo(page, url, action) {
  const answered = page.waitForResponse((response) => response.url() === url, { timeout: 20_000 });
  await action();
  const answer = await answered;
  return { status: answer.status(), origin: (await answer.request().allHeaders()).origin };
}

// The old trick: a form of text/plain whose field's name and value make up JSON.
const postForm = (page, url) =>
  page.evaluate(
    ([action, start]) => {
      const form = Object.assign(document.createElement("form"), { method: "POST", enctype: "text/plain", action });
      form.append(Object.assign(document.createElement("input"), { name: start, value: '"}' }));
      document.body.append(form);
      form.submit();
    },
    [url, `${event("form").slice(0, -1)},"x":"`],
  );

// Why it failed, as the browser's own log has it.
async function openWebSocket(page, url) {
  const opened = page.waitForEvent("websocket");
  await page.evaluate((target) => void new WebSocket(target), url.replace("http:", "ws:"));
  return (await opened).waitForEvent("socketerror");
}

async function tryToRead(page, base) {
  for (const path of ["/v1/status", "/livez", "/openapi.json"]) {
    await tried(`reading ${path}`, isShut, 0, () => fetching(page, base + path));
    await tried(`reading ${path} without CORS`, isDark, 0, () => fetching(page, base + path, { mode: "no-cors" }));
  }
  const loads = (made) => made === "error";
  await tried("a script", loads, 0, () => loadElement(page, "script", `${base}/v1/status`));
  await tried("an image", loads, 0, () => loadElement(page, "img", `${base}/livez`));
}

const loadElement = (page, name, src) =>
  page.evaluate(
    ([tag, source]) =>
      new Promise((resolve) => {
        const element = Object.assign(document.createElement(tag), { src: source });
        element.onload = () => resolve("load");
        element.onerror = () => resolve("error");
        document.body.append(element);
      }),
    [name, src],
  );

// A link may lead a person to the dashboard; in a frame of another page it shows nothing.
async function followLinks(page, base) {
  const home = page.url();
  const isRefused = (answer) => answer.status === 403;
  await tried("a frame", isRefused, 0, () => answerTo(page, `${base}/`, () => loadFrame(page, `${base}/`)));
  for (const [path, status] of [["/", 200], ["/v1/status", 403], ["/dashboard/app.js", 403]]) {
    await tried(`a link to ${path}`, (answer) => answer.status === status, 0, () =>
      answerTo(page, base + path, () => followLink(page, base + path)),
    );
    await page.waitForURL(base + path);
    await page.goto(home);
  }
}

const loadFrame = (page, src) =>
  page.evaluate((source) => {
    document.body.append(Object.assign(document.createElement("iframe"), { src: source }));
  }, src);

const followLink = (page, href) =>
  page.evaluate((target) => {
    const link = Object.assign(document.createElement("a"), { href: target });
    document.body.append(link);
    link.click();
  }, href);

// A name of the attacker's that resolves to 127.0.0.1: for the browser all is of one origin.
async function tryRebinding(page) {
  const base = `http://evil.example:${port}`;
  const landed = await page.goto(`${base}/livez`);
  report("a page by a foreign name", landed.status() === 421 ? [] : [`the status is ${landed.status()}`]);
  const isRefused = ({ status }) => status === 421;
  await tried("fetch by a foreign name", isRefused, 0, () =>
    fetching(page, `${base}/run/event`, posting("application/json")),
  );
  await tried("reading by a foreign name", isRefused, 0, () => fetching(page, `${base}/v1/status`));
}

// Our own page may do all that.
async function useOwnOrigin(page) {
  const landed = await page.goto(`${address}/livez`);
  report("our own page", landed.status() === 200 ? [] : [`the status is ${landed.status()}`]);
  await tried("our own post", ({ status }) => status === 202, 1, () =>
    fetching(page, "/run/event", posting("application/json")),
  );
  const reads = ({ status, text }) => status === 200 && JSON.parse(text).totals.accepted > 0;
  await tried("our own status", reads, 0, () => fetching(page, "/v1/status"));
}

const site = http.createServer((_, response) => {
  response.setHeader("Content-Type", "text/html");
  response.end("<!doctype html><title>Another origin</title><body></body>");
});
await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
const browser = await launch(executablePath, ["--host-resolver-rules=MAP evil.example 127.0.0.1"]);
try {
  const page = await browser.newPage();
  // On the same host but another port, and on another host: same-site and cross-site to Chromium.
  for (const host of ["127.0.0.1", "evil.example"]) {
    from = `, from ${host} on another port`;
    await page.goto(`http://${host}:${site.address().port}/`);
    await tryToPost(page, address);
    await tryToRead(page, address);
    await followLinks(page, address);
  }
  from = "";
  await tryRebinding(page);
  await useOwnOrigin(page);
  reportEnd();
} finally {
  await browser.close();
  site.close();
}
