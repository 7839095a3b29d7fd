/* Puts the public key of this browser into the form that asks for this phone, then sends it. */
import { publicKey } from "../lib/device-key.js";
import { readWords } from "../lib/words.js";

export default class AskDevice {
  constructor(form) {
    this.form = form;
    this.words = readWords(form);
    form.addEventListener("submit", (event) => this.send(event));
  }

  async send(event) {
    const field = this.form.elements.public_key;
    if (field.value) return;
    event.preventDefault();
    try {
      if (!window.isSecureContext) throw { code: "insecure" };
      field.value = await publicKey();
      this.form.requestSubmit();
    } catch (problem) {
      this.form.querySelector("[data-say]").textContent = this.words[problem.code] ?? this.words.failed;
    }
  }
}
