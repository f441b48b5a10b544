// The requests that the document describes: as they should be, and with each mistake that a status is documented for.

let keys = 0;

// An Idempotency-Key stands for one request only.
const valueOf = (parameter) =>
  parameter.name === "Idempotency-Key" ? `${parameter.example}-${++keys}` : String(parameter.example);

export function targetOf(operation, values = {}) {
  return operation.path.replace(/\{(\w+)\}/g, (_, name) => {
    const parameter = operation.parameters.find((one) => one.in === "path" && one.name === name);
    return encodeURIComponent(values[name] ?? valueOf(parameter));
  });
}

function bodiesOf(operation) {
  const content = operation.bodies?.value.content;
  if (!content) return [{}];
  return Object.entries(content).map(([type, media]) => ({
    type,
    body: typeof media.example === "string" ? media.example : JSON.stringify(media.example),
  }));
}

const requestOf = (operation, { type, body }, target = targetOf(operation)) => ({
  method: operation.method,
  target,
  headers: type ? ["Content-Type", type] : [],
  body,
});

// Each example body, without what is optional and with each optional parameter.
export function examplesOf(operation) {
  const optional = operation.parameters.filter((one) => one.in !== "path");
  return bodiesOf(operation).flatMap((body) =>
    [undefined, ...optional].map((parameter) => {
      const request = requestOf(operation, body);
      if (parameter?.in === "header") request.headers.push(parameter.name, valueOf(parameter));
      if (parameter?.in === "query") request.target += `?${parameter.name}=${encodeURIComponent(valueOf(parameter))}`;
      return { what: [body.type, parameter?.name].filter(Boolean).join(" with "), request };
    }),
  );
}

export function firstExampleOf(operation) {
  return requestOf(operation, bodiesOf(operation)[0]);
}

// What no request alone brings about, or none within a test's patience.
export const untried = {
  "2XX": "needs an upstream's answer",
  "4XX": "needs an upstream's answer",
  401: "needs a daemon with tokens",
  408: "takes ten seconds",
  409: "needs an event in that state",
  502: "needs an upstream's answer",
  503: "needs a daemon that is full, or stops",
};

const withHeaders = (request, ...more) => ({ ...request, headers: [...request.headers, ...more] });
const withType = (request, type) => ({ ...request, headers: ["Content-Type", type] });

// Each is for the operations for which `of` gives a request. One that documents the status must answer it; another one
// may answer what it documents.
const mistakes = [
  { status: 400, what: "two Hosts", of: (_, good) => withHeaders(good, "Host", "localhost", "Host", "localhost") },
  {
    status: 400,
    what: "a query that is not known",
    of: (operation, good) =>
      operation.parameters.some((one) => one.in === "query") && { ...good, target: `${good.target}?nonsense=1` },
  },
  {
    status: 400,
    what: "a filter in its query",
    of: (operation, good) =>
      operation.path.startsWith("/v1/") &&
      operation.method !== "GET" && { ...good, target: `${good.target}?userId=10101010101010` },
  },
  {
    status: 400,
    what: "a body cut short",
    of: (operation, good) =>
      (takesKey(operation) || takesFilter(operation) || takesLines(operation)) && {
        ...good,
        body: good.body.slice(0, -2),
      },
  },
  {
    status: 400,
    what: "an Idempotency-Key with a space",
    of: (operation, good) => takesKey(operation) && withHeaders(good, "Idempotency-Key", "a b"),
  },
  {
    status: 400,
    what: "a body that is no gzip",
    of: (operation, good) => takesKey(operation) && withHeaders(good, "Content-Encoding", "gzip"),
  },
  { status: 403, what: "another Origin", of: (_, good) => withHeaders(good, "Origin", "http://evil.example") },
  { status: 403, what: "another site", of: (_, good) => withHeaders(good, "Sec-Fetch-Site", "cross-site") },
  {
    status: 404,
    what: "a version that is none",
    of: (operation, good) =>
      operation.path.startsWith("/{version}") && { ...good, target: targetOf(operation, { version: "2023-13" }) },
  },
  ...["0197a1b2-c3d4-7e5f-8a6b-ffffffffffff", "nonsense"].map((id) => ({
    status: 404,
    what: `the id ${id}`,
    of: (operation, good) => operation.path.includes("{id}") && { ...good, target: targetOf(operation, { id }) },
  })),
  {
    status: 404,
    what: "a file that is not there",
    of: (operation, good) =>
      operation.path.endsWith("{file}") && { ...good, target: targetOf(operation, { file: "nonsense.js" }) },
  },
  {
    status: 413,
    what: "a body of a gigabyte",
    of: (_, good) => ({ ...withHeaders(good, "Content-Length", "1000000000"), body: undefined }),
  },
  { status: 415, what: "text", of: (_, good) => withType(good, "text/plain") },
  { status: 415, what: "a form", of: (_, good) => withType(good, "application/x-www-form-urlencoded") },
  { status: 415, what: "another coding", of: (_, good) => withHeaders(good, "Content-Encoding", "br") },
  { status: 421, what: "another Host", of: (_, good) => withHeaders(good, "Host", "evil.example") },
  {
    status: 422,
    what: "an empty event",
    of: (operation, good) =>
      good.body && !takesFilter(operation) && { ...good, body: good.body.startsWith("[") ? "[{}]" : "{}" },
  },
  {
    status: 422,
    what: "a filter that is not known",
    of: (operation, good) => takesFilter(operation) && { ...good, body: '{"evnt":"Ticket Created"}' },
  },
  {
    status: 422,
    what: "data that does not fit its schema",
    of: (operation, good) =>
      takesKey(operation) && { ...good, body: good.body.replaceAll(/"ticketName":"[^"]*"/g, '"ticketName":1') },
  },
  { status: 431, what: "a header of 20 KiB", of: (_, good) => withHeaders(good, "X-Long", "x".repeat(20480)) },
  {
    status: 501,
    what: "another Transfer-Encoding",
    of: (_, good) => ({ ...withHeaders(good, "Transfer-Encoding", "gzip"), body: undefined }),
  },
];

const takesFilter = (operation) => ["/v1/retry", "/v1/discard"].includes(operation.path);
const takesLines = (operation) => operation.path === "/v1/import";
const takesKey = (operation) => operation.parameters.some((one) => one.name === "Idempotency-Key");

export function mistakesOf(operation) {
  const good = firstExampleOf(operation);
  return mistakes
    .map(({ status, what, of }) => ({ status, what, request: of(operation, good) }))
    .filter(({ request }) => request);
}
