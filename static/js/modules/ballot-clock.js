/* The time left on a ballot: shown all the time, spoken at 60, 30 and 10 seconds, asked about at 30. */
import { clock, fill } from "../lib/words.js";

const SPEAK_AT = [60, 30, 10];
const ASK_AT = 30;

export class BallotClock {
  constructor(root, words, { more }) {
    this.root = root;
    this.words = words;
    this.kiosk = root.closest("[data-page]");
    this.dialog = this.kiosk.querySelector("#time-up");
    this.dialog.querySelector("[data-more-dialog]").addEventListener("click", more);
    this.set(Number(root.dataset.seconds));
    this.timer = setInterval(() => this.tick(), 250);
    this.tick();
  }

  set(seconds) {
    this.ends = performance.now() + seconds * 1000;
    this.spoken = new Set(SPEAK_AT.filter((mark) => mark >= seconds));
    this.asked = false;
  }

  extend(seconds, words) {
    this.set(seconds);
    this.dialog.close();
    this.speak(words);
    this.tick();
  }

  refuse(words) {
    if (this.dialog.open) this.dialog.querySelector("[data-time-text]").textContent = words;
    for (const button of this.kiosk.querySelectorAll("[data-more], [data-more-dialog]")) button.setAttribute("aria-disabled", "true");
    this.speak(words);
  }

  tick() {
    if (!this.root.isConnected) return this.stop();
    const left = Math.ceil((this.ends - performance.now()) / 1000);
    this.root.querySelector("[data-clock]").textContent = clock(left);
    for (const mark of SPEAK_AT) {
      if (left > mark || this.spoken.has(mark)) continue;
      this.spoken.add(mark);
      this.speak(fill(this.words.speak, { n: mark }));
    }
    if (left <= ASK_AT && !this.asked) this.ask();
    if (left <= 0) this.expire();
    return left;
  }

  ask() {
    this.asked = true;
    const other = this.kiosk.querySelector("dialog[open]");
    if (!other && !this.root.querySelector('[data-cast][aria-busy="true"]')) this.dialog.showModal();
  }

  /** The server says what an expired ballot means; while a cast is under way it has the last word. */
  expire() {
    if (this.root.querySelector('[data-cast][aria-busy="true"]')) return;
    this.stop();
    window.location.replace(this.root.dataset.expiredUrl);
  }

  speak(words) {
    this.root.querySelector("[data-speak]").textContent = words;
  }

  stop() {
    clearInterval(this.timer);
  }
}
