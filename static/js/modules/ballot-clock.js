/* The time left on a ballot: shown all the time, spoken at 60, 30 and 10 seconds, asked about at 30. */
import { go } from "../lib/line.js";
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

  get left() {
    return Math.ceil((this.ends - performance.now()) / 1000);
  }

  /** Tells whether the ballot's own question stands on the screen, or will before `seconds` more are over. */
  endsSoon(seconds) {
    return !this.held && this.left <= ASK_AT + seconds;
  }

  /** From the first cast on the server has the last word: the page and its key stay, however late it gets. */
  hold() {
    this.held = true;
    if (this.dialog.open) this.dialog.close();
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
    const { left } = this;
    this.root.querySelector("[data-clock]").textContent = clock(left);
    for (const mark of SPEAK_AT) {
      if (left > mark || this.spoken.has(mark)) continue;
      this.spoken.add(mark);
      this.speak(fill(this.words.speak, { n: mark }));
    }
    if (this.held) return left;
    if (left <= ASK_AT && !this.asked) this.ask();
    if (left <= 0) this.expire();
    return left;
  }

  /** One question at a time: while another dialog is open this one waits for its turn. */
  ask() {
    if (this.kiosk.querySelector("dialog[open]")) return;
    this.asked = true;
    this.dialog.showModal();
  }

  /** The server says what an expired ballot means. */
  expire() {
    this.stop();
    go(this.root.dataset.expiredUrl);
  }

  speak(words) {
    this.root.querySelector("[data-speak]").textContent = words;
  }

  stop() {
    clearInterval(this.timer);
  }
}
