/* The line to the server: asked before every step, so that a voter never meets the browser's own error page. */
import { NetworkLost, postJson } from "./http.js";
import { readWords } from "./words.js";

const ANSWER_MS = 4000; // an answer that takes longer is none
const REFUSED_MS = 1000; // a machine that says no at once is there; only its program is not
const PAUSES_MS = [2000, 3000, 5000];
const BACK_MS = 1500; // long enough to read that the line is back

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
let waiting = null;

/** Asks the server for a sign of life: "up", "starting" (a machine answers for it) or "down". */
async function ask() {
  const beat = document.querySelector("[data-page]")?.dataset.beat;
  if (!beat) return "up";
  const asked = performance.now();
  try {
    const { status } = await postJson(beat, {}, { timeout: ANSWER_MS });
    return status >= 500 ? "starting" : "up";
  } catch (error) {
    if (!(error instanceof NetworkLost)) throw error;
    const refused = navigator.onLine && performance.now() - asked < REFUSED_MS;
    return error.status || refused ? "starting" : "down";
  }
}

/** Covers the page, so that nothing else can be touched and nothing of the voter is seen; null takes the cover away. */
function notice(head, text) {
  const dialog = document.querySelector("dialog[data-line]");
  if (!dialog) return;
  const words = readWords(dialog);
  dialog.querySelector("[data-line-head]").textContent = words[head];
  dialog.querySelector("[data-line-text]").textContent = words[text];
  dialog.oncancel = (event) => event.preventDefault();
  if (!dialog.open) dialog.showModal();
}

async function untilUp() {
  let state = await ask();
  if (state === "up") return;
  for (let tries = 0; state !== "up"; tries += 1) {
    notice(state, "trying");
    await wait(PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]);
    state = await ask();
  }
  notice("back", "on");
  await wait(BACK_MS);
  document.querySelector("dialog[data-line]")?.close();
}

/** Resolves when the server answers; until then the notice covers the page. */
export function whenUp() {
  waiting ??= untilUp().finally(() => {
    waiting = null;
  });
  return waiting;
}

/** Goes to `address` once the server answers; the present page stays in no history. */
export async function go(address) {
  await whenUp();
  window.location.replace(address);
}

/** Sends the form as the browser would, once the server answers. */
export async function sendForm(form, submitter) {
  await whenUp();
  if (submitter?.name) {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value });
    form.append(field);
  }
  HTMLFormElement.prototype.submit.call(form);
}
