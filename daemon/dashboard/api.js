// Calls of the API, with the token that this tab was given.

const place = "posthaste-token";

export const token = {
  get: () => sessionStorage.getItem(place),
  set: (value) => sessionStorage.setItem(place, value),
  forget: () => sessionStorage.removeItem(place),
};

// An answer that is a refusal, in the daemon's own words; status 0: there was none.
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
  // The token is missing, wrong, or an application's.
  get isAboutToken() {
    return this.status === 401 || this.status === 403;
  }
}

async function refusalOf(response) {
  const problem = await response.json().catch(() => ({}));
  return new Refusal(response.status, problem.detail ?? `posthaste answered ${response.status}.`);
}

export async function open(path, options = {}) {
  const headers = { ...options.headers };
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`;
  const response = await fetch(path, { ...options, headers, cache: "no-store" }).catch(() => {
    throw new Refusal(0, "posthaste does not answer.");
  });
  if (!response.ok) throw await refusalOf(response);
  return response;
}

export async function ask(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const text = await (await open(path, options)).text();
  return { text, value: text === "" ? null : JSON.parse(text) };
}
