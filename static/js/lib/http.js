/* Requests to our own server: CSRF header, timeout, retry when the network is lost. */

/** The network did not carry the request, or no answer came in time; `answer` is a gateway's, where one came. */
export class NetworkLost extends Error {
  constructor(words, answer = null) {
    super(words);
    this.answer = answer;
  }
}

/** For what no person asked for: it does not keep a session of the desk alive. */
export const BY_ITSELF = { "X-Asked-By-Page": "1" };

/** Between two tries, however often: a server that comes back is not waited for longer than this. */
const LONGEST_PAUSE_MS = 5000;

function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** An answer that breaks off is as lost as one that never came, so the content is read here too. */
async function once(url, options, timeout) {
  try {
    const response = await fetch(url, { credentials: "same-origin", ...options, signal: AbortSignal.timeout(timeout) });
    const retryAfter = Number(response.headers.get("Retry-After")) || 0;
    return { status: response.status, ok: response.ok, url: response.url, retryAfter, text: await response.text() };
  } catch (error) {
    throw new NetworkLost(String(error));
  }
}

/**
 * One request; resolves to {status, ok, url, text}. `retries`, or `patience` in ms, only for requests that may safely
 * arrive twice. A gateway that answers 502 to 504 counts as a lost network, and to the patient a server error, too.
 */
export async function send(url, options = {}, { timeout = 10000, retries = 0, patience = 0, pause = 800, onRetry } = {}) {
  const began = performance.now();
  const failed = patience ? 500 : 502;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await once(url, options, timeout);
      if (response.status >= failed && response.status <= 504) throw new NetworkLost(`status ${response.status}`, response);
      return response;
    } catch (error) {
      const again = attempt < retries || performance.now() - began < patience;
      if (!(error instanceof NetworkLost) || !again) throw error;
      onRetry?.(attempt + 1);
      await wait(Math.min(LONGEST_PAUSE_MS, pause * 2 ** attempt));
    }
  }
}

export function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** POST of JSON; resolves to {status, ok, data, retryAfter}. Rejects with NetworkLost only. `byItself`: see BY_ITSELF. */
export async function postJson(url, body, { byItself = false, ...settings } = {}) {
  const { status, ok, retryAfter, text } = await send(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken(), ...(byItself && BY_ITSELF) },
    body: JSON.stringify(body),
  }, settings);
  return { status, ok, retryAfter, data: readJson(text) };
}

/** GET of JSON, as pages ask for by themselves; resolves to {status, ok, data}. */
export async function getJson(url, settings) {
  const { status, ok, text } = await send(url, { headers: { Accept: "application/json", ...BY_ITSELF }, cache: "no-store" }, settings);
  // The session is over: the page itself leads to the door, which says why. To ask on would count as an attack.
  if (status === 401) window.location.reload();
  return { status, ok, data: readJson(text) };
}

/** The form as a browser sends it, filled up to a multiple of `step` bytes: encryption hides content, not length. */
function encoded(form, step) {
  const fields = new URLSearchParams(new FormData(form));
  if (!step) return fields;
  fields.set("padding", "");
  fields.set("padding", "0".repeat((step - (fields.toString().length % step)) % step));
  return fields;
}

/** POST of a form, answered to us: resolves to {status, ok, url, html}. `paddedTo`: bytes of which it is a multiple. */
export async function postForm(url, form, { paddedTo = 0, ...settings } = {}) {
  const { status, ok, url: address, text } = await send(url, {
    method: "POST",
    headers: { Accept: "text/html", "X-CSRFToken": csrfToken() },
    body: encoded(form, paddedTo),
  }, settings);
  return { status, ok, url: address, html: text };
}
