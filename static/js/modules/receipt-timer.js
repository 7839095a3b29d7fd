/* Step 5: the receipt stays 30 seconds, longer on request, then the booth clears for the next voter. */
import * as display from "../lib/display.js";
import { go } from "../lib/line.js";
import { fill, readWords } from "../lib/words.js";

const SPEAK_AT = [30, 10];

export default class ReceiptTimer {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.full = Number(root.dataset.seconds);
    this.find = (name) => root.querySelector(`[data-${name}]`);
    this.restart();
    this.find("more").addEventListener("click", () => this.restart());
    this.find("print").addEventListener("click", () => window.print());
    this.find("finish").addEventListener("click", (event) => {
      event.preventDefault();
      this.finish();
    });
    document.addEventListener("keydown", () => root.isConnected && this.restart()); // who uses keys or switches needs longer
    this.timer = setInterval(() => this.tick(), 250);
  }

  restart() {
    this.ends = performance.now() + this.full * 1000;
    this.spoken = new Set();
    this.tick();
  }

  tick() {
    if (!this.root.isConnected) return clearInterval(this.timer);
    const left = Math.max(0, Math.ceil((this.ends - performance.now()) / 1000));
    this.find("left").textContent = left;
    this.find("say").textContent = fill(this.words.clears, { n: left });
    this.find("timer").setAttribute("aria-label", fill(this.words.left, { n: left }));
    this.find("ring").setAttribute("stroke-dasharray", `${(left / this.full) * 100} 100`);
    if (SPEAK_AT.includes(left) && !this.spoken.has(left)) {
      this.spoken.add(left);
      this.find("speak").textContent = fill(this.words.clears, { n: left });
    }
    if (left === 0) this.finish();
  }

  finish() {
    clearInterval(this.timer);
    display.reset();
    go(this.root.dataset.home);
  }
}
