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

  say(words, doubtful = false) {
    this.find("say").dataset.doubtful = doubtful;
    this.find("say").textContent = words;
  }

  tell(accuracy) {
    if (accuracy) this.say(fill(this.words.better, { n: Math.round(accuracy), m: GOOD_M }));
  }

  /** A middle that may lie outside of its own circle would put doubt on everybody who is there. */
  take({ latitude, longitude, accuracy }) {
    this.find("latitude").value = latitude.toFixed(DIGITS);
    this.find("longitude").value = longitude.toFixed(DIGITS);
    const radius = Number(this.find("radius").value);
    const coarse = accuracy > Math.max(radius, GOOD_M);
    this.say(fill(coarse ? this.words.coarse : this.words.found, { n: Math.round(accuracy), m: radius }), coarse);
  }

  async use() {
    const button = this.find("use");
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    this.say(this.words.asking);
    try {
      this.take(await askPosition(({ accuracy }) => this.tell(accuracy)));
    } catch (problem) {
      this.say(this.words[problem.code] ?? this.words.missing, true);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
}
