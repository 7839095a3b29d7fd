/* "Use my position": fills latitude and longitude from the device. Without scripts the numbers are typed. */
import { askPosition, GOOD_M } from "../lib/position.js";
import { fill, readWords } from "../lib/words.js";

const DIGITS = 5; // a metre

export default class UsePosition {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.find = (name) => root.querySelector(`[data-${name}]`);
    this.find("offer").hidden = false;
    this.find("use").addEventListener("click", () => this.use());
  }

  tell(accuracy) {
    if (accuracy) this.find("say").textContent = fill(this.words.better, { n: Math.round(accuracy), m: GOOD_M });
  }

  async use() {
    const button = this.find("use");
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    this.find("say").textContent = this.words.asking;
    try {
      const found = await askPosition(({ accuracy }) => this.tell(accuracy));
      this.find("latitude").value = found.latitude.toFixed(DIGITS);
      this.find("longitude").value = found.longitude.toFixed(DIGITS);
      this.find("say").textContent = fill(this.words.found, { n: Math.round(found.accuracy) });
    } catch (problem) {
      this.find("say").textContent = this.words[problem.code] ?? this.words.missing;
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
}
