/* The row below the switches while the voice is on: advice, say it again, speed, the code of a receipt. */
import * as display from "../lib/display.js";
import { spellGroups } from "../lib/reading.js";
import { LEVEL, RATES, speech } from "../lib/speech.js";

const NAMES = Object.keys(RATES);

export class SpeechBar {
  constructor(root, page, words, { again }) {
    this.page = page;
    this.words = words;
    this.row = root.querySelector("[data-speaking]");
    this.find = (name) => root.querySelector(`[data-${name}]`);
    const [read, repeat, step, select] = root.dataset.keys.split(" ");
    this.keys = { read, again: repeat, step, select };
    this.find("again-said").addEventListener("click", again);
    this.find("speed").addEventListener("click", () => this.faster());
    this.find("say-code").addEventListener("click", () => this.code());
  }

  draw() {
    const on = display.get("speech") === "on";
    this.row.hidden = !on;
    this.find("say-code").hidden = !this.page.querySelector(".receipt");
    this.find("speed-word").textContent = this.words[display.get("rate")];
    if (on) speech.ready().then((voice) => this.advise(voice));
  }

  /** Silence would be taken for a broken booth, so the switch says that there is no voice. */
  advise(voice) {
    this.find("phones").hidden = !voice;
    this.find("voiceless").hidden = voice;
  }

  faster() {
    display.set("rate", NAMES[(NAMES.indexOf(display.get("rate")) + 1) % NAMES.length]);
    speech.say(`${this.words[display.get("rate")]}.`, LEVEL.focus);
  }

  /** Spelled out on request only, into the headphones. */
  code() {
    const spelled = (selector) => spellGroups(this.page.querySelector(selector)?.textContent ?? "");
    this.keepReceipt();
    speech.forget();
    speech.say(`${this.words.receipt_code}: ${spelled(".receipt")}. ${this.words.reference}: ${spelled(".stub-l .code")}.`, LEVEL.focus);
  }

  /** Who listens needs the receipt longer than who reads. */
  keepReceipt() {
    this.page.querySelector("[data-module~=receipt-timer] [data-more]")?.click();
  }
}
