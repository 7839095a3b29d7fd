/* The line of a live page: pushed by the server (EventSource); where that fails, asked for every 3 s. */
import { getJson, NetworkLost } from "./http.js";

const POLL_MS = 3000;
const AGAIN_MS = 60000; // a page that polls tries the direct line again so often
const PATIENCE_MS = 6000; // a stream that ends by itself is back within 2 s
const SILENT_MS = 20000; // the server pushes every 5 s
const HIDDEN_MS = 10000; // a browser has six lines to one server: pages that nobody sees give theirs back

export class LiveLine {
  /** `onData(data)` gets each snapshot; `onState("live" | "polling" | "old", Date)` is told changes and the last figures' time. */
  constructor(url, { onData, onState }) {
    Object.assign(this, { url, onData, onState, state: "live", seen: new Date(), source: null });
    document.addEventListener("visibilitychange", () => this.visibility());
    window.addEventListener("pagehide", () => this.close());
    window.addEventListener("pageshow", (event) => event.persisted && this.open());
    if (document.hidden) this.poll();
    else this.open();
    setInterval(() => this.watch(), POLL_MS);
  }

  open() {
    clearTimeout(this.timer);
    if (this.source) return;
    if (!window.EventSource) return void this.poll();
    this.source = new EventSource(this.url);
    this.source.onmessage = ({ data }) => this.take(JSON.parse(data), "live");
    this.source.addEventListener("over", () => window.location.reload());
    this.source.onerror = () => this.broken();
  }

  /** The browser opens a line that broke by itself; one that was refused it does not. */
  broken() {
    const refused = this.source?.readyState === EventSource.CLOSED;
    if (refused) return void this.fallBack();
    this.patience ??= setTimeout(() => this.source?.readyState !== EventSource.OPEN && this.fallBack(), PATIENCE_MS);
  }

  fallBack() {
    this.close();
    this.poll();
    this.again = setTimeout(() => document.hidden || this.open(), AGAIN_MS);
  }

  close() {
    for (const one of [this.timer, this.again, this.patience]) clearTimeout(one);
    this.patience = null;
    this.source?.close();
    this.source = null;
  }

  async poll() {
    clearTimeout(this.timer);
    if (this.source) return;
    if (!document.hidden) await this.ask();
    if (!this.source) this.timer = setTimeout(() => this.poll(), POLL_MS);
  }

  async ask() {
    try {
      const { status, ok, data } = await getJson(this.url, { timeout: 5000 });
      if (status === 403 || status === 404) return void window.location.reload();
      if (ok && !this.source) this.take(data, "polling");
      else this.watch();
    } catch (error) {
      if (!(error instanceof NetworkLost)) throw error;
      this.tell("old");
    }
  }

  take(data, state) {
    if (state === "live") {
      clearTimeout(this.patience);
      this.patience = null;
    }
    this.seen = new Date();
    this.tell(state);
    this.onData(data);
  }

  watch() {
    if (!document.hidden && Date.now() - this.seen > SILENT_MS) this.tell("old");
  }

  visibility() {
    clearTimeout(this.leaving);
    if (document.hidden) this.leaving = setTimeout(() => this.close(), HIDDEN_MS);
    else this.open();
  }

  tell(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState(state, this.seen);
  }
}
