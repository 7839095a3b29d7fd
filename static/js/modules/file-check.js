/* Looks at the size of a chosen file before it is sent, and says that it is being sent. The server decides. */
import { fill, readWords } from "../lib/words.js";

export default class FileCheck {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.input = root.querySelector("input[type=file]");
    this.error = root.querySelector("[data-error]");
    this.button = root.querySelector("button[type=submit]");
    this.input.addEventListener("change", () => this.say(this.wrong()));
    root.addEventListener("submit", (event) => this.send(event));
  }

  wrong() {
    const file = this.input.files[0];
    const most = Number(this.root.dataset.maxMb);
    if (file && !file.size) return this.words.empty;
    return file && file.size > most * 1024 * 1024 ? fill(this.words.large, { n: most }) : "";
  }

  send(event) {
    const words = this.wrong();
    if (words) {
      event.preventDefault();
      this.say(words);
      this.input.focus();
      return;
    }
    this.button.setAttribute("aria-busy", "true");
    this.button.lastChild.textContent = this.words.sending;
  }

  say(words) {
    this.error.hidden = !words;
    this.error.querySelector("span").textContent = words;
    this.input.setAttribute("aria-invalid", words ? "true" : "false");
  }
}
