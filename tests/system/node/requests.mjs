// One HTTP request, exactly as given: fetch would not let us choose Host, Origin or a length that is not true.

import http from "node:http";

// `headers` is a flat list of names and values, so that one can stand twice. An answer that comes before the request is
// over counts; what becomes of the connection then does not matter. Of an answer without an end the first events do.
export function send(address, { method, target, headers = [], body }) {
  const { hostname, port } = new URL(address);
  const has = (name) => headers.some((entry, n) => n % 2 === 0 && entry.toLowerCase() === name);
  const all = [...headers];
  if (!has("host")) all.push("Host", `${hostname}:${port}`);
  const announced = has("content-length") || has("transfer-encoding");
  if (method === "POST" && !announced) all.push("Content-Length", String(Buffer.byteLength(body ?? "")));
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, method, path: target, headers: all, agent: false });
    request.on("error", reject);
    request.on("response", (response) => {
      const parts = [];
      const over = () => {
        request.destroy();
        const { statusCode, headers: fields } = response;
        resolve({ status: statusCode, headers: fields, body: Buffer.concat(parts).toString("utf8") });
      };
      const isEndless = response.headers["content-type"] === "text/event-stream";
      response.on("data", (part) => {
        parts.push(part);
        if (isEndless && Buffer.concat(parts).includes("event: status") && part.toString().endsWith("\n\n")) over();
      });
      response.on("error", reject);
      response.on("end", over);
    });
    request.setTimeout(30_000, () => request.destroy(new Error("no answer came")));
    if (body !== undefined) request.write(body);
    if (announced && body === undefined) request.flushHeaders();
    else request.end();
  });
}

// What the C++ side reads: a line for each check, and in the end how many there were.
let checks = 0;
export function report(check, wrong = []) {
  ++checks;
  console.log(JSON.stringify({ check, wrong }));
}
export function reportEnd() {
  console.log(JSON.stringify({ done: checks }));
}
