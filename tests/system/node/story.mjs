// What the dashboard shows at one moment of the night's story, held against what everything else tells of it.
//
//   node story.mjs CHROMIUM ADDRESS TOLD     prints a JSON line for each thing checked; exit code 77: no browser here
//
// TOLD is a JSON object: "pending", "dead", "accepted", "delivered", the upstream's "state", and its "reason" or "".

import { Dashboard, launch } from "./page.mjs";
import { report, reportEnd } from "./requests.mjs";

const [executablePath, address, text] = process.argv.slice(2);
const told = JSON.parse(text);
const shown = (number) => new Intl.NumberFormat("en").format(number);
const exactly = (words) => new RegExp(`^${words}$`);
const words = { up: "Up", open: "Failing" };

const browser = await launch(executablePath);
try {
  const page = await Dashboard.open(browser, address);
  await page.says("#link-text", /Live/);
  await page.says("#figures > div:first-child", new RegExp(`^Pending\\s+${shown(told.pending)}\\s`));
  await page.says("#figures > div:last-child", new RegExp(`^Dead\\s+${shown(told.dead)}\\s`));
  await page.says("#totals", new RegExp(`: ${shown(told.accepted)} accepted, ${shown(told.delivered)} delivered\\.$`));
  await page.says("#state-word", exactly(words[told.state]));
  await page.says("#reason-text", told.reason === "" ? /^$/ : new RegExp(told.reason));
  await page.says("#dead-count", exactly(told.dead === 0 ? "" : shown(told.dead)));
  await page.count("#dead-rows tr", told.dead, `${told.dead} dead events are listed`);
  for (const row of await page.at("#dead-rows tr").allInnerTexts())
    report("a dead event's reason", /rejected\s+422/.test(row) ? [] : [row]);
  const title = await page.page.title();
  report("the tab's title", title.includes(`${shown(told.pending)} waiting`) ? [] : [title]);
  await page.close("in the night's story");
  reportEnd();
} finally {
  await browser.close();
}
