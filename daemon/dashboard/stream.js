// Follows GET /v1/stream, and begins anew, ever more patiently, when it breaks off. Read by fetch, as an EventSource
// could not send the token.

import { Refusal, open } from "/dashboard/api.js";

const delays = [1, 2, 4, 8, 15]; // seconds
const longestSilence = 10_000; // the daemon says something every second

export class Stream {
  #heard;
  #attempt = 0;
  #cut = null; // ends the present connection
  #timer = 0;

  // `heard` has rates(object), status(object), lost(refusal, secondsToWait) and refused(refusal).
  constructor(heard) {
    this.#heard = heard;
  }

  start() {
    this.stop();
    const cut = new AbortController();
    this.#cut = cut;
    this.#follow(cut);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#cut?.abort();
    this.#cut = null;
  }

  async #follow(cut) {
    const refusal = await this.#read(cut).catch((failed) =>
      failed instanceof Refusal ? failed : new Refusal(0, "posthaste does not answer."),
    );
    if (cut.signal.aborted && this.#cut !== cut) return; // stopped, or begun anew
    if (refusal.isAboutToken) return this.#heard.refused(refusal);
    const wait = delays[Math.min(this.#attempt++, delays.length - 1)] * (0.8 + 0.4 * Math.random());
    this.#timer = setTimeout(() => this.start(), wait * 1000);
    this.#heard.lost(refusal, wait);
  }

  async #read(cut) {
    const response = await open("/v1/stream?rates=each", { signal: cut.signal });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    let silence = 0;
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => cut.abort(), longestSilence);
    };
    try {
      for (listen(); ; listen()) {
        const { value, done } = await reader.read();
        if (done) return new Refusal(0, "posthaste ended the connection.");
        const events = (text + value).split("\n\n");
        text = events.pop();
        events.forEach((event) => this.#take(event));
      }
    } finally {
      clearTimeout(silence);
    }
  }

  #take(event) {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
    if (name !== "rates" && name !== "status") return;
    this.#attempt = 0;
    this.#heard[name](JSON.parse(data));
  }
}
