/* One box that ticks all boxes of its list, and says how many are ticked. Without scripts the box is not shown. */
import { fill, readWords } from "../lib/words.js";

export default class TickAll {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.all = root.querySelector("[data-all]");
    this.said = root.querySelector("[data-ticked]");
    this.boxes = [...root.querySelectorAll("tbody input[type=checkbox]")];
    if (!this.all || !this.boxes.length) return;
    this.all.hidden = false;
    this.all.addEventListener("change", () => this.tick(this.all.checked));
    root.addEventListener("change", () => this.say());
    this.say();
  }

  tick(on) {
    for (const box of this.boxes) box.checked = on;
  }

  say() {
    const n = this.boxes.filter((box) => box.checked).length;
    this.all.checked = n === this.boxes.length;
    this.all.indeterminate = n > 0 && n < this.boxes.length;
    if (this.said) this.said.textContent = n ? fill(this.words.ticked, { n }) : "";
  }
}
