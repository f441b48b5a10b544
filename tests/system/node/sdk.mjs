// The upstream's own SDK, unmodified, with posthaste in the upstream's place: sdk.mjs ADDRESS STEPS, where STEPS is a
// JSON array of {"do": "identify" | "event", "name", "data"?, "gives" | "throws"}.

import axios from "axios";
import Alloy from "alloy-node";
import { report, reportEnd } from "./requests.mjs";

const [address, steps] = process.argv.slice(2);

// The SDK names its upstream in each call: only that is changed.
axios.interceptors.request.use((request) => {
  request.url = request.url.replace("https://embedded.runalloy.com", address);
  request.proxy = false;
  return request;
});

const alloy = new Alloy("the-apps-own-key");

const calls = {
  identify: async ({ name }) => {
    await alloy.identify(name);
    return alloy.userId;
  },
  event: async ({ name, data }) => (await alloy.event(name, data)).message,
};

async function outcomeOf(step) {
  try {
    return { gives: await calls[step.do](step) };
  } catch (thrown) {
    return { throws: typeof thrown === "string" ? thrown : `no message, but ${thrown}` };
  }
}

for (const step of JSON.parse(steps)) {
  const outcome = await outcomeOf(step);
  const right = "gives" in step ? outcome.gives === step.gives : outcome.throws?.includes(step.throws);
  report(`${step.do} ${step.name}`, right ? [] : [JSON.stringify(outcome)]);
}
reportEnd();
