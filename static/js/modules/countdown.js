/* data-module="countdown" data-left="seconds": the time left, counted from what the server said; its own clock may be wrong.
   "countdown:set" (detail: seconds) sets it anew, "countdown:over" tells that it is over. No announcement. */
import { fill, readWords } from "../lib/words.js";

const DAY = 86400;
const HOUR = 3600;
const MINUTE = 60;

export default class Countdown {
  constructor(element) {
    this.element = element;
    this.words = readWords(element);
    element.addEventListener("countdown:set", (event) => this.set(event.detail));
    this.set(Number(element.dataset.left));
    this.timer = setInterval(() => this.tick(), 250);
  }

  set(seconds) {
    this.ends = performance.now() + seconds * 1000;
    this.over = false;
    this.show(true);
    this.tick();
  }

  tick() {
    if (!this.element.isConnected) return clearInterval(this.timer);
    const left = Math.max(0, Math.ceil((this.ends - performance.now()) / 1000));
    const text = this.text(left);
    if (this.element.textContent !== text) this.element.textContent = text;
    if (left > 0 || this.over) return undefined;
    this.over = true;
    this.show(false);
    return this.element.dispatchEvent(new CustomEvent("countdown:over", { bubbles: true }));
  }

  text(left) {
    const parts = { d: Math.floor(left / DAY), h: Math.floor((left % DAY) / HOUR), min: Math.floor((left % HOUR) / MINUTE), s: left % MINUTE };
    const names = parts.d ? ["d", "h"] : parts.h ? ["h", "min"] : parts.min ? ["min", "s"] : ["s"];
    return names.map((name) => this.part(name, parts[name])).join(" ");
  }

  part(name, n) {
    const [one, many] = this.words[name];
    return n === 1 ? one : fill(many, { n });
  }

  /** The sentence around the figure makes room for the one that follows it. */
  show(running) {
    const sentence = this.element.closest("[data-wait]");
    if (!sentence) return;
    sentence.hidden = !running;
    const after = sentence.nextElementSibling;
    if (after?.matches("[data-wait-over]")) after.hidden = running;
  }
}
