/* Asks how far a work of the worker is (data-part of the answer), once a second, and shows percentage and count; the next step is another page. */
import { getJson, NetworkLost } from "../lib/http.js";
import { fill, readWords } from "../lib/words.js";

const EVERY_MS = 1000;
const SAY_EVERY_PERCENT = 25;
const whole = (n) => Number(n).toLocaleString("en-GB");

export default class WorkProgress {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.said = 0;
    this.loop();
  }

  async loop() {
    if (!this.root.isConnected) return;
    await this.refresh();
    setTimeout(() => this.loop(), EVERY_MS);
  }

  async refresh() {
    try {
      const { ok, data } = await getJson(this.root.dataset.url, { timeout: 5000 });
      if (ok) this.show(data[this.root.dataset.part]);
    } catch (error) {
      if (!(error instanceof NetworkLost)) throw error;
    }
  }

  show({ status, progress, total }) {
    if (status !== this.root.dataset.status) {
      window.location.reload();
      return;
    }
    if (!total) return;
    const percent = Math.min(100, Math.floor((100 * progress) / total));
    const count = fill(this.words.done, { n: whole(Math.min(progress, total)), m: whole(total) });
    this.root.querySelector("[data-bar]").value = percent;
    this.root.querySelector("[data-percent]").textContent = fill(this.words.percent, { n: percent });
    this.root.querySelector("[data-count]").textContent = count;
    if (percent >= this.said + SAY_EVERY_PERCENT) {
      this.said = percent;
      this.root.querySelector("[data-said]").textContent = count;
    }
  }
}
