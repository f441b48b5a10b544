// A person at the dashboard of a running posthaste: Chromium is the eyes and hands. This is the upstream, too.
//
//   node dashboard.mjs CHECK CHROMIUM ADDRESS UPSTREAM_PORT FOLDER [MORE]     prints a JSON line for each thing checked
//
// FOLDER is where screenshots go.

import http from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import axe from "axe-core";
import { Dashboard, expectSoon, launch } from "./page.mjs";
import { report, reportEnd, send } from "./requests.mjs";
import { wrongWords } from "./wording.mjs";

const [check, executablePath, address, upstreamPort, folder, ...rest] = process.argv.slice(2);

// Refuses users who are called so for good, as long as it does.
let refuses = true;
let refusal = "the ticket's customer is not known";
const upstream = {
  start() {
    this.server = http.createServer((request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        const bad = refuses && Buffer.concat(parts).includes('"refused');
        response.writeHead(bad ? 422 : 200, { "Content-Type": "application/json" });
        response.end(JSON.stringify({ message: bad ? refusal : "Event successfully triggered" }));
      });
    });
    return new Promise((resolve) => this.server.listen(Number(upstreamPort), "127.0.0.1", resolve));
  },
  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  },
};

async function post(userId, event = "Ticket Created", data = { ticketName: "Refund request" }) {
  const body = JSON.stringify({ event, userId, data });
  const answer = await send(address, {
    method: "POST",
    target: "/run/event",
    headers: ["Content-Type", "application/json"],
    body,
  });
  if (answer.status !== 202) throw new Error(answer.body);
  return JSON.parse(answer.body).id;
}

const status = async () => JSON.parse((await send(address, { method: "GET", target: "/v1/status" })).body);
const stateOf = async (id) => {
  const answer = await send(address, { method: "GET", target: `/v1/events/${id}` });
  return JSON.parse(answer.body).state;
};

// A 422 each, and a success between them, so that nothing is thought wrong with the set-up.
async function die(count, event) {
  const ids = [];
  for (let n = 1; n <= count; n++) {
    ids.push(await post(`refused-${n}`, event));
    await post(`fine-${n}`, event);
  }
  await expectSoon(`${count} events die`, async () => (await Promise.all(ids.map(stateOf))).every((s) => s === "dead"));
  return ids;
}

const row = (page, user) => page.at("#dead-rows tr").filter({ hasText: user });
const violations = async (page) => {
  await page.page.evaluate(axe.source);
  const found = await page.page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`);
};

// By the Tab key alone, as somebody without a mouse gets there.
async function tabTo(page, selector) {
  for (let n = 0; n < 80; n++) {
    if (await page.at(selector).evaluate((wanted) => wanted === document.activeElement)) return true;
    await page.page.keyboard.press("Tab");
  }
  return `not reached by 80 Tabs; the focus is at ${await page.page.evaluate(() => document.activeElement.outerHTML)}`;
}

async function press(page, selector, key = "Enter") {
  const reached = await tabTo(page, selector);
  report(`${selector} is reached by the keyboard`, reached === true ? [] : [reached]);
  await page.page.keyboard.press(key);
}

const checks = {
  // An outage begins and ends before one's eyes.
  async outage(browser) {
    const page = await Dashboard.open(browser, address);
    await page.says("#headline-title", /Everything is delivered/);
    await page.says("#link-text", /Live/);
    await post("somebody");
    await page.says("#totals", /1 accepted, 1 delivered/);
    const line = page.at("#chart path.accepted");
    await expectSoon("the chart shows it", async () => (await line.getAttribute("d")).length > 0);
    await expectSoon("the chart says it", async () => {
      const says = await page.at("#chart-says").textContent();
      return /at most 0\.[1-9]\d* accepted and 0\.[1-9]/.test(says) || says;
    });
    await upstream.stop();
    for (let n = 0; n < 8; n++) await post(`somebody-${n}`);
    await page.says("#headline-title", /The upstream cannot be reached/);
    await page.says("#state-word", /Failing/);
    await page.says("#reason-text", /refused/);
    await page.says("#todo", /none that was taken is lost/);
    await page.says("#times", /next try in|trying now/);
    await page.says("#announcer", /The upstream cannot be reached/, "a screen reader is told");
    await page.says("#figures > div:nth-child(1)", /Pending\s+8/);
    await upstream.start();
    await page.says("#headline-title", /Everything is delivered/, "the outage ends");
    await page.says("#totals", /9 accepted, 9 delivered/);
    await page.at("#switch").click();
    await page.says("#headline-title", /Delivery is paused/);
    await page.says("#switch", /Resume delivery/);
    await page.at("#switch").click();
    await page.says("#headline-title", /Everything is delivered/, "it is resumed");
    await page.close("in an outage");
  },

  // The queue is full before one's eyes, as the upstream is down: three events are all that it holds.
  async refused(browser) {
    await upstream.stop();
    const page = await Dashboard.open(browser, address);
    for (let n = 0; n < 3; n++) await post(`somebody-${n}`);
    await page.says("#refusal", /New events are refused: the queue is full\.[^]*queue\.max_events/);
    await expectSoon("the refusal is seen", () => page.at("#refusal").isVisible());
    await expectSoon("the title says so", async () => /^New events are refused\./.test(await page.page.title()));
    await page.says("#headline-title", /The upstream cannot be reached/);
    await page.says("#todo", /What was taken is kept meanwhile/);
    report("axe-core, refusing", await violations(page));
    await lookEverywhere(browser, "queue-full", "#refusal");
    await upstream.start();
    await page.says("#headline-title", /Everything is delivered/, "the outage ends");
    await expectSoon("nothing is said of it any more", () => page.at("#refusal").isHidden());
    await page.says("#announcer", /New events are taken again/, "a screen reader is told");
    await page.close("with a full queue");
  },

  // The disk has less room than is asked for, from the start; then delivery is paused, and goes on.
  async disk(browser) {
    report("the words are true in every state", await wrongWords(address));
    const page = await Dashboard.open(browser, address);
    await page.says("#refusal", /New events are refused: the queue’s disk is short of room\.[^]*queue\.disk_reserve/);
    await expectSoon("the title says so", async () => /^New events are refused\./.test(await page.page.title()));
    await page.says("#headline-title", /Nothing is waiting/);
    await lookEverywhere(browser, "disk-full", "#refusal");
    await page.at("#switch").click();
    await page.says("#notice", /^Delivery is paused\. What was taken is kept\.$/);
    await page.says("#headline-title", /Delivery is paused/);
    await lookEverywhere(browser, "disk-full-paused", "#refusal");
    await page.at("#switch").click();
    await page.says("#notice", /^Delivery is resumed\.$/);
    await page.close("with a full disk");
  },

  // A reload is refused, and the next one is not: the daemon's pid, and its configuration.
  async reload(browser, pid, path) {
    const right = readFileSync(path, "utf8");
    const reload = (text) => {
      writeFileSync(path, text);
      process.kill(Number(pid), "SIGHUP");
    };
    const page = await Dashboard.open(browser, address);
    await page.says("#link-text", /Live/);
    const odd = Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`odd<b>\u202e${n}`, n]));
    reload(JSON.stringify({ ...JSON.parse(right), ...odd }));
    await page.says("#reload-title", /^The reload at [\d:]+ was refused, and what was in use before it stays/);
    await page.says("#reload-todo", /Correct[^]*posthaste check[^]*SIGHUP/);
    await page.count("#reload-problems li", 6, "five problems are listed, and how many there are more");
    await page.says("#reload-problems", /odd<b>\\+u202e1"\]: unknown key[^]*\n1 more$/);
    await lookEverywhere(browser, "reload-refused", "#reload");
    reload(right);
    await expectSoon("nothing is said of it any more", () => page.at("#reload").isHidden());
    await page.close("over reloads");
  },

  // The daemon goes and comes back: pid, and a file whose appearance starts it again.
  async gone(browser, pid, restart) {
    const page = await Dashboard.open(browser, address, { expects: /Failed to load resource/ });
    await page.says("#link-text", /Live/);
    process.kill(Number(pid), "SIGTERM");
    await page.says("#gone", /posthaste (does not answer|ended the connection)[^]*Trying again/);
    await expectSoon("the banner is seen", () => page.at("#gone").isVisible()); // a hidden one has its text, too
    await page.says("#link-text", /Not connected/);
    writeFileSync(restart, "");
    await page.says("#link-text", /Live/, "it is back");
    await expectSoon("nothing is said of it any more", async () => await page.at("#gone").isHidden());
    await page.close("while the daemon was away");
  },

  // Dead events are looked after: filter, details, one again, one gone, all again.
  async dead(browser) {
    const page = await Dashboard.open(browser, address);
    await page.says("#dead-none", /None/);
    const ids = await die(4, "Ticket Created");
    await die(1, "Ticket Closed");
    await page.count("#dead-rows tr", 5, "the table has five rows");
    await page.says("#dead-count", /^5$/);
    await page.says("#dead-rows tr:first-child", /Ticket Closed[^]*refused-1[^]*rejected[^]*422[^]*not known/);
    await page.at("#filter-event").fill("Ticket Closed");
    await page.page.keyboard.press("Enter");
    await page.count("#dead-rows tr", 1, "one is of that event");
    await page.at("#filter [type=reset]").click();
    await page.count("#dead-rows tr", 5, "no filter, five rows");
    await page.at("#filter-reason").selectOption("expired");
    await page.says("#dead-no-match", /No dead event matches/);
    await page.at("#filter-reason").selectOption("");

    await row(page, "refused-2").getByRole("button", { name: "Details" }).click();
    await page.says("#details", new RegExp(`${ids[1]}[^]*rejected[^]*422[^]*"ticketName": "Refund request"`));
    await page.page.keyboard.press("Escape");
    refuses = false;
    await row(page, "refused-2").getByRole("button", { name: "Retry" }).click();
    await expectSoon("the retried one is delivered", async () => (await stateOf(ids[1])) === "delivered");
    await page.count("#dead-rows tr", 4, "four are left");
    await row(page, "refused-3").getByRole("button", { name: "Discard" }).click();
    await page.at("#question-no").click();
    report("kept when the answer is no", (await stateOf(ids[2])) === "dead" ? [] : ["it is gone"]);
    await row(page, "refused-3").getByRole("button", { name: "Discard" }).click();
    await page.at("#question-yes").click();
    await expectSoon("the discarded one is gone", async () => (await stateOf(ids[2])) === undefined);
    await page.says("#totals", /1 discarded/);
    await page.at("#retry-all").click();
    await page.says("#notice", /3 events are on their way again/);
    await expectSoon("all are delivered", async () => (await status()).totals.delivered === 9);
    await page.says("#dead-none", /None/);
    await page.close("with dead events");
  },

  // All that with a keyboard alone.
  async keyboard(browser) {
    const ids = await die(3, "Ticket Created");
    const page = await Dashboard.open(browser, address);
    await page.count("#dead-rows tr", 3, "the table has three rows");
    await press(page, ".skip");
    const button = (n, name) => `#dead-rows tr:nth-child(${n}) [data-action=${name}]`;
    await press(page, button(1, "details"));
    await page.says("#details-title", /Ticket Created/);
    await page.page.keyboard.press("Escape");
    await expectSoon("the focus is back", () =>
      page.at(button(1, "details")).evaluate((wanted) => wanted === document.activeElement),
    );
    refuses = false;
    await press(page, button(1, "retry"), "Space");
    await page.count("#dead-rows tr", 2, "one is retried");
    await expectSoon("the focus is at the next row", () =>
      page.at(button(1, "retry")).evaluate((wanted) => wanted === document.activeElement),
    );
    await press(page, button(1, "discard"));
    await press(page, "#question-yes");
    await page.count("#dead-rows tr", 1, "one is discarded");
    await expectSoon("as the daemon has it", async () => {
      const states = await Promise.all(ids.map(stateOf));
      return (states[2] === "delivered" && states[1] === undefined && states[0] === "dead") || states;
    });
    await press(page, "#filter-event");
    await page.page.keyboard.type("nothing");
    await page.page.keyboard.press("Enter");
    await page.says("#dead-no-match", /No dead event matches/);
    await press(page, "#filter [type=reset]");
    await page.page.keyboard.press("Shift+Tab");
    await page.page.evaluate(() => document.activeElement.blur());
    await press(page, "#retry-all");
    await expectSoon("the last one is delivered", async () => (await stateOf(ids[0])) === "delivered");
    await press(page, "#switch");
    await page.says("#headline-title", /Delivery is paused/);
    await page.close("by keyboard");
  },

  // The page asks for the token, and keeps it for this tab.
  async token(browser, app, operator) {
    const page = await Dashboard.open(browser, address, { expects: /Failed to load resource/ });
    await page.says("#door h2", /asks for a token/);
    report("axe-core at the door", await violations(page));
    report("nothing else is shown", (await page.at("#board").isVisible()) ? ["the board is"] : []);
    const give = async (token) => {
      await page.at("#token").fill(token);
      await page.page.keyboard.press("Enter");
    };
    await give("wrong");
    await page.says("#token-trouble", /not known here/);
    await give(app);
    await page.says("#token-trouble", /an application’s/);
    await give(operator);
    await page.says("#headline-title", /Everything is delivered/);
    await page.page.reload();
    await page.says("#headline-title", /Everything is delivered/, "it is not asked for again");
    const elsewhere = await page.page.evaluate(() => JSON.stringify(localStorage) + document.cookie);
    report("it is kept in the session only", elsewhere === "{}" ? [] : [elsewhere]);
    await page.close("with a token");
  },

  // Events that would like to be more than text; and the page in light and dark, wide and narrow.
  async looks(browser) {
    refusal = `<img src=x onerror="window.hurt=1"> \u001b[31mred\u001b[0m`;
    const hostile = [
      [`<script>window.hurt=1</script>`, `"><svg onload=window.hurt=1>`],
      [`\u202egnirts lamron a\u2066 \u05d0\u05d1\u05d2`, "refused \u200f\u061c\u2029"],
      ["W".repeat(256), "M".repeat(256)],
      [`{{constructor}} \${alert(1)}`, "javascript:alert(1)"],
    ];
    const data = { html: "</pre><script>window.hurt=1</script>", number: 0, big: "BIG", mark: "\u202e\u0007" };
    refuses = true;
    const ids = [];
    for (const [event, user] of hostile) {
      const text = JSON.stringify({ event, userId: `refused ${user}`.slice(0, 256), data });
      const body = text.replace('"BIG"', "12345678901234567890.10");
      const answer = await send(address, {
        method: "POST",
        target: "/run/event",
        headers: ["Content-Type", "application/json"],
        body,
      });
      if (answer.status !== 202) throw new Error(answer.body);
      ids.push(JSON.parse(answer.body).id);
      await post("fine");
    }
    await expectSoon("all are dead", async () => (await Promise.all(ids.map(stateOf))).every((s) => s === "dead"));
    for (const width of [1280, 375])
      for (const colorScheme of ["light", "dark"]) await look(browser, width, colorScheme, "hostile");
    const page = await Dashboard.open(browser, address);
    await page.count("#dead-rows tr", hostile.length, "hostile events are listed");
    await page.says("#dead-rows", /\\u202egnirts lamron a\\u2066/, "what turns text around is shown in the table");
    await page.says("#dead-rows", /<img src=x onerror="window\.hurt=1"> \\x1b/, "what the upstream said is text");
    await page.at("#dead-rows tr").last().getByRole("button", { name: "Details" }).click();
    await page.says("#details-data", /"html": "<\/pre><script>[^]*12345678901234567890\.10[^]*\\u202e/);
    report("axe-core, details", await violations(page));
    await page.page.screenshot({ path: `${folder}/details-1280-light.png` });
    await page.at("#details-close").click();
    const hurt = await page.page.evaluate(
      () => window.hurt ?? document.querySelector("main script, main img") !== null,
    );
    report("a hostile event is text", hurt === false ? [] : [`hurt: ${hurt}`]);
    await page.close("with hostile events");
  },

  // An outage with dead events, to be looked at.
  async pictures(browser) {
    refusal = "The ticket's customer is not known to this workspace";
    await die(6, "Ticket Created");
    await die(2, "Invoice Paid");
    await calmLook(browser);
    await upstream.stop();
    for (let n = 0; n < 40; n++) await post(`customer-${n}`);
    await expectSoon("the outage is known", async () => (await status()).upstream.state === "open");
    for (const width of [1280, 375])
      for (const colorScheme of ["light", "dark"]) await look(browser, width, colorScheme, "outage");
    await upstream.start();
  },
};

async function calmLook(browser) {
  for (let n = 0; n < 60; n++) await post(`customer-${n}`);
  await look(browser, 1280, "light", "calm");
}

async function lookEverywhere(browser, name, shows) {
  for (const width of [1280, 320])
    for (const colorScheme of ["light", "dark"]) await look(browser, width, colorScheme, name, shows);
}

async function look(browser, width, colorScheme, name, shows = "#dead-rows tr:first-child") {
  const what = `${name}, ${colorScheme}, ${width} px`;
  const page = await Dashboard.open(browser, address, {
    colorScheme,
    viewport: { width, height: width < 500 ? 812 : 900 },
    hasTouch: width < 500,
    reducedMotion: "reduce",
  });
  await expectSoon(`it is shown, ${what}`, () => page.at(shows).isVisible());
  report(`axe-core, ${what}`, await violations(page));
  const over = await page.page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  report(`no sideways scrolling, ${what}`, over <= 0 ? [] : [`the page is ${over} px too wide`]);
  await page.page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: true });
  await page.close(what);
}

const browser = await launch(executablePath);
await upstream.start();
try {
  await checks[check](browser, ...rest);
  reportEnd();
} finally {
  await browser.close();
  upstream.server.closeAllConnections();
  upstream.server.close();
}
