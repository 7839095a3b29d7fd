/* The kiosk's sign of life, every 20 s; a kiosk that was stopped or ended leaves for the door. */
import * as display from "../lib/display.js";
import { NetworkLost, postJson } from "../lib/http.js";

const GONE = [401, 403];

export default class Heartbeat {
  constructor(root) {
    this.root = root;
    this.timer = setInterval(() => this.beat(), Number(root.dataset.beatSeconds) * 1000);
    root.addEventListener("page:leave", () => clearInterval(this.timer));
    this.beat();
  }

  async beat() {
    try {
      const answer = await postJson(this.root.dataset.beat, {});
      if (!GONE.includes(answer.status) || !this.root.isConnected) return;
      display.reset();
      window.location.replace(this.root.dataset.door);
    } catch (error) {
      // Without a network there is nothing to do: the next beat tells, and the desk sees the silence.
      if (!(error instanceof NetworkLost)) throw error;
    }
  }
}
