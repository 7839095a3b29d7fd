/* How to go on after a request that brought no answer: which refusals pass by themselves, and how long to wait. */
import { NetworkLost, postJson, readJson } from "./http.js";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30000;
/** Refusals that pass by themselves; a full disk or a missing model needs a person. */
const PASSING = ["too_many", "too_many_requests", "busy", "guessing_slowed"];

/** Pauses that double, at most half a minute; a server that names its own is heard. */
export class Pauses {
  constructor() {
    this.lost = 0;
  }

  next(retryAfter = 0) {
    const own = FIRST_PAUSE_MS * 2 ** Math.min(this.lost, 10);
    this.lost += 1;
    return Math.min(LONGEST_PAUSE_MS, Math.max(own, retryAfter * 1000));
  }
}

/**
 * POST of JSON that tells what kind of answer came: {kind, status, data, retryAfter}.
 * kind: "answer", "wait" (comes by itself), "refused" (the server said why), "down" (nobody answered).
 */
export async function ask(url, body, timeout) {
  try {
    const { status, ok, data, retryAfter } = await postJson(url, body, { timeout });
    return { kind: ok ? "answer" : kindOf(data), status, data, retryAfter };
  } catch (error) {
    if (!(error instanceof NetworkLost)) throw error;
    const data = error.answer ? readJson(error.answer.text) : {};
    return { kind: data.error ? kindOf(data) : "down", status: error.answer?.status ?? 0, data, retryAfter: error.answer?.retryAfter ?? 0 };
  }
}

function kindOf(data) {
  return PASSING.includes(data.error?.code) ? "wait" : "refused";
}
