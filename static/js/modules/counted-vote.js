/* Asks until a vote is counted, and offers its result: loading the page by itself would lose a motion half typed. */
import { getJson, NetworkLost } from "../lib/http.js";

const EVERY_MS = 1000;

export default class CountedVote {
  constructor(root) {
    this.root = root;
    this.loop();
  }

  async loop() {
    while (this.root.isConnected && !(await this.isThere())) await new Promise((go) => setTimeout(go, EVERY_MS));
    this.root.querySelector("[data-wait]").hidden = true;
    this.root.querySelector("[data-there]").hidden = false;
  }

  async isThere() {
    try {
      const { ok, data } = await getJson(this.root.dataset.url, { timeout: 5000 });
      return ok && data.votes.some(({ id, state }) => String(id) === this.root.dataset.vote && state !== "sealing");
    } catch (error) {
      if (!(error instanceof NetworkLost)) throw error;
      return false;
    }
  }
}
