// Chromium, and in it the dashboard of a running posthaste, watched for what must not happen: an error in the console,
// or a request to anybody else.

import { chromium } from "playwright-core";
import { report } from "./requests.mjs";

const patience = 60_000;

export async function launch(executablePath, args = []) {
  try {
    return await chromium.launch({ executablePath, chromiumSandbox: process.getuid() !== 0, args });
  } catch (error) {
    console.error(`${executablePath} does not run here: ${error.message.split("\n")[0]}`);
    process.exit(77);
  }
}

// Waits until `holds` does, and reports what there was instead.
export async function expectSoon(check, holds) {
  let last;
  for (const end = Date.now() + patience; Date.now() < end; ) {
    last = await holds().catch((error) => error.message);
    if (last === true) return report(check);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  report(check, [`it is ${JSON.stringify(last)}`]);
}

export class Dashboard {
  troubles = [];

  static async open(browser, address, options = {}) {
    const { expects = /^$/, ...context } = options;
    const opened = new Dashboard();
    opened.page = await (await browser.newContext({ viewport: { width: 1280, height: 900 }, ...context })).newPage();
    opened.page.setDefaultTimeout(patience);
    opened.page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()) && !expects.test(message.text()))
        opened.troubles.push(`the console says: ${message.text()}`);
    });
    opened.page.on("pageerror", (error) => opened.troubles.push(`an error: ${error.stack}`));
    opened.page.on("request", (request) => {
      if (!request.url().startsWith(`${address}/`)) opened.troubles.push(`it asked for ${request.url()}`);
    });
    opened.page.on("dialog", (dialog) => {
      opened.troubles.push(`it opened a ${dialog.type()}`);
      dialog.dismiss();
    });
    await opened.page.goto(`${address}/`);
    return opened;
  }

  at(selector) {
    return this.page.locator(selector);
  }

  says(selector, pattern, check = `${selector} says ${pattern}`) {
    return expectSoon(check, async () => {
      const text = await this.at(selector).innerText({ timeout: 1000 });
      return pattern.test(text) || text;
    });
  }

  count(selector, number, check) {
    return expectSoon(check, async () => {
      const found = await this.at(selector).filter({ visible: true }).count();
      return found === number || found;
    });
  }

  async close(what) {
    report(`nothing untoward, ${what}`, this.troubles);
    await this.page.context().close();
  }
}
