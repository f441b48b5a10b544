// Holds a running posthaste against its own GET /openapi.json, and the document against posthaste.
//
//   node openapi.mjs CHECK ADDRESS [ARGUMENT…]     prints a JSON line for each thing checked

import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Contract } from "./contract.mjs";
import { report, reportEnd, send } from "./requests.mjs";
import { examplesOf, firstExampleOf, mistakesOf, targetOf, untried } from "./trials.mjs";

const [check, address, ...rest] = process.argv.slice(2);
const answer = await send(address, { method: "GET", target: "/openapi.json" });
const contract = new Contract(JSON.parse(answer.body));
const operations = contract.operations();
const withToken = (request, token) => ({
  ...request,
  headers: token ? [...request.headers, "Authorization", `Bearer ${token}`] : request.headers,
});

// The methods that a path takes, by the Allow of the 405 to one that none takes; empty where there is nothing.
async function methodsOf(path, token) {
  const target = targetOf(operations.find((operation) => operation.path === path));
  const refused = await send(address, withToken({ method: "PROPFIND", target, headers: [] }, token));
  if (refused.status !== 405) return [];
  return refused.headers.allow.split(", ").filter((method) => method !== "HEAD").sort();
}

async function servedOperations(token) {
  const served = [];
  for (const operation of operations)
    if ((await methodsOf(operation.path, token)).includes(operation.method)) served.push(operation);
  return served;
}

async function ask(operation, request) {
  const given = await send(address, request);
  return { given, faults: contract.answerFaults(operation, given) };
}

const unlike = (given, expected) =>
  given.status === expected ? [] : [`the status is ${given.status} and not ${expected}: ${given.body.slice(0, 300)}`];

const checks = {
  // The document itself: valid, of this version, and its examples fit its own schemas.
  async document(version) {
    const { valid, errors } = await new Validator().validate(structuredClone(contract.document));
    report("the document is OpenAPI 3.1", valid ? [] : [errors].flat().map((error) => JSON.stringify(error)));
    const of = contract.document.info.version;
    report("its version is the program's", of === version ? [] : [`it is ${of} and not ${version}`]);
    for (const [name, schema] of Object.entries(contract.document.components.schemas))
      for (const example of schema.examples ?? []) report(`an example of ${name}`, contract.schemaFaults(example, name));
    for (const operation of operations) reportExamples(operation);
  },

  // Every route is documented, and every documented one is there. `source` holds the lines that add the routes;
  // `ahead`, the paths that may be documented before they are there.
  async routes(source, ...ahead) {
    const added = readFileSync(source, "utf8").matchAll(/\broutes_\.add\("([A-Z]+)", "([^"]+)"/g);
    const routed = [...added].map(([, method, path]) => `${method} ${path}`);
    report("the routes were found in the source", routed.length > 10 ? [] : [`only ${routed.length} in ${source}`]);
    const documented = operations.map((operation) => operation.name);
    for (const route of routed) report(route, documented.includes(route) ? [] : ["it is not in the document"]);
    for (const operation of operations.filter((one) => !ahead.includes(one.path)))
      report(operation.name, routed.includes(operation.name) ? [] : ["it is in the document, and there is no route"]);
    for (const path of new Set(operations.map((operation) => operation.path))) {
      const methods = operations.filter((one) => one.path === path).map((one) => one.method);
      const served = await methodsOf(path);
      if (served.length === 0 && ahead.includes(path)) continue;
      const same = served.join() === methods.sort().join();
      report(`the methods of ${path}`, same ? [] : [`it takes [${served}], and documented are [${methods}]`]);
    }
    for (const [method, target, status] of [["PROPFIND", "/livez", 405], ["GET", "/nowhere", 404]]) {
      const refused = await send(address, { method, target });
      report(`a ${status}`, [...unlike(refused, status), ...contract.schemaFaults(JSON.parse(refused.body), "Problem")]);
    }
  },

  // Every documented request succeeds, with a documented answer.
  async examples() {
    // What is imported and posted is there to be looked at.
    const ordered = (await servedOperations()).sort((a, b) => b.method.localeCompare(a.method));
    for (const operation of ordered)
      for (const { what, request } of examplesOf(operation)) {
        const { given, faults } = await ask(operation, request);
        // Whether that one event is there, and still to be sent or removed, is a race.
        const changesOne = operation.path.includes("{id}") && operation.method !== "GET";
        const fits = given.status < 300 || (changesOne && [404, 409].includes(given.status));
        const failed = fits ? [] : unlike(given, 200);
        report(`${operation.name} ${what}`, [...faults, ...failed]);
      }
  },

  // Every documented refusal that a request can bring about comes, as documented, and no other one does.
  async mistakes() {
    for (const operation of await servedOperations()) {
      const tried = new Set(Object.keys(untried));
      for (const { status, what, request } of mistakesOf(operation)) {
        tried.add(String(status));
        const { given, faults } = await ask(operation, request);
        const wrong = operation.statuses.includes(String(status)) ? unlike(given, status) : [];
        report(`${operation.name} with ${what}`, [...wrong, ...faults]);
      }
      const never = operation.statuses.filter((status) => !status.startsWith("2") && !tried.has(status));
      report(`${operation.name}, all statuses`, never.map((status) => `nothing here brings about a ${status}`));
    }
  },

  // Who may call what, where tokens are configured, is as documented.
  async tokens(app, operator) {
    const allowed = { app: [app, operator], operator: [operator] };
    for (const operation of await servedOperations(operator))
      for (const token of [undefined, "wrong", app, operator]) {
        const { given, faults } = await ask(operation, withToken(firstExampleOf(operation), token));
        const lets = !operation.role || allowed[operation.role].includes(token);
        const refusal = token === app ? 403 : 401;
        const wrong = lets ? [] : unlike(given, refusal);
        if (lets && [401, 403].includes(given.status)) wrong.push(`it is refused: ${given.body.slice(0, 300)}`);
        report(`${operation.name} by ${token ?? "nobody"}`, [...wrong, ...faults]);
      }
  },

  // What one operation's example is answered, with these headers besides, is as documented, and has this status.
  async answer(name, status, ...headers) {
    const operation = operations.find((one) => one.name === name);
    const request = firstExampleOf(operation);
    const { given, faults } = await ask(operation, { ...request, headers: [...request.headers, ...headers] });
    report(`${name}, answered ${status}`, [...unlike(given, Number(status)), ...faults]);
  },

  // What a daemon whose queue is full answers. `held`: the names of the operations that then answer 503.
  async full(...held) {
    for (const operation of await servedOperations()) {
      const { given, faults } = await ask(operation, firstExampleOf(operation));
      const wrong = held.includes(operation.name) ? unlike(given, 503) : [];
      report(`${operation.name} of a full queue`, [...wrong, ...faults]);
    }
  },
};

function reportExamples(operation) {
  for (const parameter of operation.parameters)
    report(`${operation.name}: ${parameter.name}`, contract.parameterFaults(parameter, String(parameter.example)));
  const content = operation.bodies?.value.content ?? {};
  for (const [type, { example }] of Object.entries(content)) {
    const text = typeof example === "string" ? example : JSON.stringify(example);
    const place = [...operation.bodies.place, "content", type];
    report(`${operation.name}: ${type}`, contract.contentFaults(text, place, "the example"));
  }
}

await checks[check](...rest);
reportEnd();
