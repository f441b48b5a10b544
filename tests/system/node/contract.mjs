// The OpenAPI document as something to hold answers against.

import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
// Headers of an answer that say more than its body does.
const telling = ["Age", "Idempotency-Replayed", "Location", "Preference-Applied", "Retry-After", "WWW-Authenticate"];
const escaped = (part) => part.replaceAll("~", "~0").replaceAll("/", "~1");

// The whole events of a text/event-stream.
function eventsOf(text) {
  const whole = text.slice(0, text.lastIndexOf("\n\n"));
  return whole.split("\n\n").map((event) => {
    const [name, data] = ["event: ", "data: "].map((start) =>
      event.split("\n").find((line) => line.startsWith(start))?.slice(start.length),
    );
    return { name, data };
  });
}

export class Contract {
  constructor(document) {
    this.document = document;
    // Strict, so that a misspelt keyword is found. To ajv the document is a schema with keywords of its own.
    this.ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
    addFormats(this.ajv);
    this.ajv.addVocabulary(Object.keys(document));
    this.ajv.addSchema(document, "document");
  }

  // Follows a $ref within the document; gives what is there, and its place.
  at(place) {
    const found = place.reduce((node, part) => node?.[part], this.document);
    if (found === undefined) throw new Error(`the document has nothing at /${place.join("/")}`);
    if (typeof found.$ref !== "string") return { value: found, place };
    return this.at(found.$ref.slice(2).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")));
  }

  operations() {
    return Object.entries(this.document.paths).flatMap(([path, item]) =>
      methods.filter((method) => method in item).map((method) => this.#operation(path, method, item)),
    );
  }

  #operation(path, method, item) {
    const operation = item[method];
    const place = ["paths", path, method];
    const of = (where, list = []) => list.map((_, n) => this.at([...where, "parameters", n]).value);
    return {
      name: `${method.toUpperCase()} ${path}`,
      path,
      method: method.toUpperCase(),
      place,
      parameters: [...of(["paths", path], item.parameters), ...of(place, operation.parameters)],
      bodies: operation.requestBody ? this.at([...place, "requestBody"]) : undefined,
      statuses: Object.keys(operation.responses),
      // The role that a token must have; undefined where none is asked for.
      role: (operation.security ?? this.document.security).find((one) => "token" in one)?.token[0],
    };
  }

  #validators = new Map();

  #validator(ref) {
    if (!this.#validators.has(ref)) this.#validators.set(ref, this.ajv.compile({ $ref: ref }));
    return this.#validators.get(ref);
  }

  // What is wrong with a value by the schema at a place of the document.
  #faults(value, place, what) {
    const pointer = place.map((part) => encodeURIComponent(escaped(String(part)))).join("/");
    const validate = this.#validator(`document#/${pointer}`);
    if (validate(value)) return [];
    return validate.errors.map(
      (error) => `${what}${error.instancePath} ${error.message} ${JSON.stringify(error.params)} (${error.schemaPath})`,
    );
  }

  schemaFaults(value, name) {
    return this.#faults(value, ["components", "schemas", name], "");
  }

  // What is wrong with a text by the media type at a place.
  contentFaults(text, place, what) {
    const media = this.at(place).value;
    try {
      if ("x-event-schemas" in media)
        return eventsOf(text).flatMap(({ name, data }) =>
          this.#faults(JSON.parse(data), [...place, "x-event-schemas", name], `an event ${name} of ${what}: `),
        );
      if ("x-line-schema" in media)
        return text
          .split("\n")
          .filter((line) => line !== "")
          .flatMap((line) => this.#faults(JSON.parse(line), [...place, "x-line-schema"], `a line of ${what}: `));
      const value = place.at(-1).endsWith("json") ? JSON.parse(text) : text;
      return "schema" in media ? this.#faults(value, [...place, "schema"], `${what}: `) : [];
    } catch (error) {
      return [`${what} is no JSON (${error.message}): ${text.slice(0, 200)}`];
    }
  }

  // What is wrong with the text of a parameter or a header.
  parameterFaults({ name, schema }, text) {
    const validate = "$ref" in schema ? this.#validator(`document${schema.$ref}`) : this.ajv.compile(schema);
    const value = schema.type === "integer" ? Number(text) : text;
    return validate(value) ? [] : [`${name}: ${this.ajv.errorsText(validate.errors)}`];
  }

  // What is wrong with an answer to an operation; an empty list is praise.
  answerFaults(operation, answer) {
    const status = [String(answer.status), `${Math.floor(answer.status / 100)}XX`].find((one) =>
      operation.statuses.includes(one),
    );
    if (!status) return [`the status ${answer.status} is not in the document; the body: ${answer.body.slice(0, 300)}`];
    const { value: response, place } = this.at([...operation.place, "responses", status]);
    return [...this.#headerFaults(response, place, answer), ...this.#bodyFaults(response, place, answer)];
  }

  #headerFaults(response, place, answer) {
    const documented = Object.keys(response.headers ?? {});
    const untold = telling.filter((name) => name.toLowerCase() in answer.headers && !documented.includes(name));
    const faults = untold.map((name) => `the header ${name} is not in the document`);
    for (const name of documented) {
      const { value: header } = this.at([...place, "headers", name]);
      const text = answer.headers[name.toLowerCase()];
      if (text !== undefined) faults.push(...this.parameterFaults({ name, schema: header.schema }, text));
      else if (header.required) faults.push(`the header ${name} is missing`);
    }
    return faults;
  }

  #bodyFaults(response, place, answer) {
    const type = (answer.headers["content-type"] ?? "").split(";")[0].trim();
    const key = [type, "*/*"].find((one) => one in response.content);
    if (!key) return [`the Content-Type "${type}" is not in the document for ${answer.status}`];
    const faults = this.contentFaults(answer.body, [...place, "content", key], "the body");
    if (type === "application/problem+json" && JSON.parse(answer.body).status !== answer.status)
      faults.push("the problem's status is not the answer's");
    return faults;
  }
}
