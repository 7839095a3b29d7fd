/* The officer's screen: opening it notes the call at the server. The hand that goes up is what the officer sees. */
import { NetworkLost, postJson } from "../lib/http.js";

export default class OfficerCall {
  constructor(dialog) {
    this.dialog = dialog;
    new MutationObserver(() => this.note()).observe(dialog, { attributeFilter: ["open"] });
  }

  async note() {
    if (!this.dialog.open) return;
    try {
      await postJson(this.dialog.dataset.url, {}, { retries: 2 });
    } catch (error) {
      if (!(error instanceof NetworkLost)) throw error;
    }
  }
}
