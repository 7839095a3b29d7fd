/* The big screen: shows the code of now, counts down to the next, and asks the server when it changes, every 5 s at least. */
import { getJson, NetworkLost } from "../lib/http.js";
import { fill, readWords } from "../lib/words.js";

const EVERY_MS = 5000;
const TICK_MS = 250;
const HALF = 3;

export default class BigCode {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.part = (name) => root.querySelector(`[data-${name}]`);
    this.take(JSON.parse(root.dataset.state));
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  take(state) {
    const now = performance.now();
    this.ends = state.seconds_left === null ? null : now + state.seconds_left * 1000;
    this.next = now + EVERY_MS;
    if (this.ends !== null && state.code) this.next = Math.min(this.next, this.ends + TICK_MS);
    this.part("there").textContent = fill(this.words.there, { n: state.there, m: state.members });
    this.part("bar").hidden = !state.code || this.ends === null;
    this.show(state);
    this.tick();
  }

  show({ code, stage }) {
    const seen = code ?? (stage === "closed" ? this.words.closed : this.words.over);
    if (this.seen === seen) return;
    this.seen = seen;
    this.code = code;
    const parts = code ? [code.slice(0, HALF), code.slice(HALF)].map((text) => this.element("span", text)) : [this.element("b", seen)];
    this.part("code").replaceChildren(...parts);
  }

  element(name, text) {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  }

  tick() {
    if (!this.root.isConnected) return clearInterval(this.timer);
    const left = this.ends === null || !this.code ? null : Math.max(0, (this.ends - performance.now()) / 1000);
    this.say(left === null ? "" : fill(this.words.seconds, { n: Math.ceil(left) }));
    if (left !== null) this.part("bar").value = left;
    return performance.now() >= this.next ? this.ask() : undefined;
  }

  say(text) {
    const words = this.lost ? this.words.lost : text;
    if (this.part("left").textContent !== words) this.part("left").textContent = words;
  }

  async ask() {
    if (this.asking) return;
    this.asking = true;
    try {
      const { ok, data } = await getJson(this.root.dataset.url, { timeout: EVERY_MS });
      this.lost = !ok;
      if (ok) this.take(data);
    } catch (error) {
      if (!(error instanceof NetworkLost)) throw error;
      this.lost = true;
    } finally {
      this.asking = false;
      if (this.lost) this.next = performance.now() + EVERY_MS;
    }
  }
}
