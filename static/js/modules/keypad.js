/* Step 1: drawn boxes and keys over one real input. A real keyboard works too, and "Continue" is never greyed out. */
import { fill, readWords } from "../lib/words.js";
import { focusHeading } from "../lib/page.js";

export default class Keypad {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.length = Number(root.dataset.length);
    this.input = root.querySelector("input[name=voter_id]");
    this.slots = [...root.querySelectorAll("[data-slot]")];
    this.error = root.querySelector("[data-error]");
    root.querySelector("[data-type]").classList.add("is-drawn");
    this.input.setAttribute("inputmode", "none");
    this.input.form.noValidate = true; // our own words say what is missing
    this.show("digits");
    this.listen();
    this.draw();
    if (!this.error.hidden) focusHeading(root);
  }

  listen() {
    const on = (selector, action) => {
      for (const button of this.root.querySelectorAll(selector)) button.addEventListener("click", () => action(button));
    };
    on("[data-key]", (key) => this.type(this.value + key.dataset.key));
    on("[data-delete]", () => this.type(this.value.slice(0, -1)));
    on("[data-clear]", () => this.type(""));
    on("[data-show]", (key) => this.show(key.dataset.show, true));
    this.input.addEventListener("input", () => this.type(this.input.value));
    this.input.form.addEventListener("submit", (event) => this.check(event));
    document.addEventListener("keydown", (event) => this.fromKeyboard(event));
  }

  /** A voter with a real keyboard types at once, wherever the focus is; fields of a dialog keep their keys. */
  fromKeyboard(event) {
    const elsewhere = event.target.closest?.("input, dialog") || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey;
    if (elsewhere || !this.root.isConnected || !/^[0-9a-z]$/i.test(event.key)) return;
    event.preventDefault();
    this.input.focus();
    this.type(this.value + event.key);
  }

  get value() {
    return this.input.value.replaceAll(/[^0-9a-z]/gi, "").toUpperCase();
  }

  type(text) {
    this.input.value = text.replaceAll(/[^0-9a-z]/gi, "").toUpperCase().slice(0, this.length);
    this.say("");
    this.draw();
  }

  draw() {
    const typed = this.value;
    this.slots.forEach((slot, at) => {
      slot.textContent = typed[at] ?? "";
      slot.classList.toggle("next", at === typed.length);
    });
    const left = this.length - typed.length;
    const words = left <= 0 ? this.words.none : left === 1 ? this.words.one : fill(this.words.more, { n: left });
    // Beside an error, "All typed" would contradict it.
    this.root.querySelector("[data-say]").textContent = left <= 0 && !this.error.hidden ? "" : words;
  }

  show(name, focus = false) {
    for (const pad of this.root.querySelectorAll("[data-pad]")) {
      pad.hidden = pad.dataset.pad !== name;
      if (!pad.hidden && focus) pad.querySelector("[data-show]").focus();
    }
  }

  check(event) {
    if (this.value.length >= this.length) {
      this.input.value = this.value;
      return;
    }
    event.preventDefault();
    this.say(this.words.missing);
    this.input.focus();
  }

  say(words) {
    this.error.hidden = !words;
    this.error.querySelector("span").textContent = words;
    this.input.setAttribute("aria-invalid", words ? "true" : "false");
  }
}
