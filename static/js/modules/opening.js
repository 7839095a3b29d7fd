/* Before the election opens: the countdown is only shown; whether it is open the server says, and then the keypad comes. */
import { getJson, NetworkLost } from "../lib/http.js";
import { go } from "../lib/line.js";

const SOON_MS = 2000;

export default class Opening {
  constructor(root) {
    this.root = root;
    root.addEventListener("countdown:over", () => this.every(SOON_MS));
    root.addEventListener("countdown:over", () => this.ask());
    this.every(Number(root.dataset.askSeconds) * 1000);
  }

  every(pause) {
    clearInterval(this.timer);
    this.timer = setInterval(() => this.ask(), pause);
  }

  async ask() {
    if (!this.root.isConnected) return clearInterval(this.timer);
    try {
      const { ok, data } = await getJson(this.root.dataset.ask);
      if (ok && this.root.isConnected) this.read(data);
    } catch (error) {
      // Without a line the figures go on; the next question tells.
      if (!(error instanceof NetworkLost)) throw error;
    }
    return undefined;
  }

  read({ state, opens_in: left }) {
    if (state !== "not_open_yet") {
      clearInterval(this.timer);
      return go(this.root.dataset.home);
    }
    const figures = this.root.querySelector("[data-module~=countdown]");
    if (!left || !figures) return undefined;
    this.every(Math.min(Number(this.root.dataset.askSeconds), left + 1) * 1000);
    return figures.dispatchEvent(new CustomEvent("countdown:set", { detail: left }));
  }
}
