/* One button that gathers a proof, posts it, and goes where the server says; what failed is said beside it. */
import { go } from "./line.js";
import { NetworkLost, postJson } from "./http.js";
import { readWords } from "./words.js";

export class Proving {
  /** `gather()` resolves to the body, or rejects with {code}. */
  constructor(root, gather) {
    this.root = root;
    this.gather = gather;
    this.words = readWords(root);
    root.querySelector("[data-go]").addEventListener("click", (event) => this.prove(event.currentTarget));
  }

  async prove(button) {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    this.say("");
    try {
      const { ok, data } = await postJson(this.root.dataset.url, await this.gather());
      if (ok) return void go(data.redirect);
      this.say(data.error?.message ?? this.words.failed);
    } catch (problem) {
      this.say(problem instanceof NetworkLost ? this.words.failed : (this.words[problem.code] ?? this.words.failed));
    }
    button.removeAttribute("aria-busy");
  }

  say(words) {
    this.root.querySelector("[data-say]").textContent = words;
  }
}
