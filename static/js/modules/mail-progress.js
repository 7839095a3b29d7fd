/* Asks every two seconds how far the mails are, and shows bar, counts and time to go until none waits. */
import { getJson, NetworkLost } from "../lib/http.js";
import { fill, readWords } from "../lib/words.js";

const EVERY_MS = 2000;
const SAY_EVERY_PERCENT = 25;
const COLUMNS = ["waiting", "sent", "failed", "bounced"];
const whole = (n) => Number(n).toLocaleString("en-GB");

export default class MailProgress {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.said = 0;
    setTimeout(() => this.loop(), EVERY_MS);
  }

  async loop() {
    if (!this.root.isConnected) return;
    if (await this.refresh()) setTimeout(() => this.loop(), EVERY_MS);
  }

  /** Tells whether mails still wait. */
  async refresh() {
    try {
      const { ok, data } = await getJson(this.root.dataset.url, { timeout: 5000 });
      return !ok || this.show(data);
    } catch (error) {
      if (!(error instanceof NetworkLost)) throw error;
      return true;
    }
  }

  show({ kinds, counts, minutes_left: minutes, paused }) {
    const done = counts.total - counts.waiting;
    const percent = counts.total ? Math.floor((100 * done) / counts.total) : 100;
    this.part("bar").value = percent;
    this.part("percent").textContent = fill(this.words.percent, { n: percent });
    this.part("count").textContent = fill(this.words.done, { n: whole(done), m: whole(counts.total) });
    this.part("left").textContent = this.left(counts.waiting, minutes, paused);
    for (const kind of kinds) this.row(kind);
    this.say(percent, counts.waiting);
    return counts.waiting > 0;
  }

  left(waiting, minutes, paused) {
    if (!waiting) return this.words.over;
    if (paused) return this.words.paused;
    return minutes ? fill(this.words.left, { n: whole(minutes) }) : "";
  }

  row(kind) {
    const row = [...this.root.querySelectorAll("tr[data-kind]")].find((one) => one.dataset.kind === kind.kind);
    for (const name of row ? COLUMNS : []) {
      row.querySelector(`[data-cell="${name}"]`).textContent = kind[name] ? whole(kind[name]) : "–";
    }
  }

  say(percent, waiting) {
    if (waiting && percent < this.said + SAY_EVERY_PERCENT) return;
    this.said = percent;
    this.part("said").textContent = waiting ? this.part("count").textContent : this.words.over;
  }

  part(name) {
    return this.root.querySelector(`[data-${name}]`);
  }
}
