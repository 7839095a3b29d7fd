/* The list of booths, asked for anew every 20 s; left alone while a dialog is open or a row has the focus. */
import { BY_ITSELF, NetworkLost, send } from "../lib/http.js";

const EVERY_MS = 20000;

export default class LiveBooths {
  constructor(root) {
    this.root = root;
    setInterval(() => this.refresh(), EVERY_MS);
  }

  get busy() {
    return this.root.querySelector("dialog[open], tbody:focus-within") !== null;
  }

  async refresh() {
    if (this.busy) return;
    const page = await this.load();
    const here = this.root.querySelectorAll("[data-live]");
    const fresh = page?.querySelectorAll("[data-live]") ?? [];
    // Another booth, another dialog: such a page is loaded as a whole, so that every button has its dialog.
    if (!page || this.busy) return;
    if (fresh.length !== here.length || fresh[0]?.rows.length !== here[0]?.rows.length) return void window.location.reload();
    here.forEach((part, number) => part.replaceWith(document.adoptNode(fresh[number])));
    document.dispatchEvent(new CustomEvent("page:swapped"));
  }

  async load() {
    try {
      const asked = new URL(this.root.dataset.url, window.location.href).href;
      const { status, ok, url, text } = await send(asked, { headers: { Accept: "text/html", ...BY_ITSELF }, cache: "no-store" });
      if (status === 401) window.location.reload();
      return ok && url === asked ? new DOMParser().parseFromString(text, "text/html") : null;
    } catch (error) {
      if (!(error instanceof NetworkLost)) throw error;
      return null;
    }
  }
}
