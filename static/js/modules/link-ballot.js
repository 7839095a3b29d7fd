/* The ballot behind a voting link: mark, check on the same page, cast. Without it the form works by pages of the server. */
import { CAST_BYTES, freshKey, layPapers, markOne } from "../lib/ballot.js";
import { NetworkLost, postForm } from "../lib/http.js";
import { focusHeading, swapPage } from "../lib/page.js";
import { readOrder } from "../lib/ranks.js";
import { fill, readWords, showOnly } from "../lib/words.js";

const PATIENCE_MS = 60000;

export default class LinkBallot {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.most = Number(root.dataset.max);
    this.form = root.querySelector("[data-form]");
    this.ranked = root.querySelector("[data-rank]") !== null;
    this.boxes = [...root.querySelectorAll("[data-choices] input")];
    this.form.elements.idempotency_key.value = freshKey();
    for (const box of this.boxes) box.addEventListener("change", () => this.mark(box));
    this.root.addEventListener("ranking:changed", () => this.say(""));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.review();
    });
    root.querySelector("[data-change]").addEventListener("click", () => this.stage("choose"));
    root.querySelector("[data-cast]").addEventListener("click", () => this.cast());
    this.mark();
  }

  get chosen() {
    if (this.ranked) return readOrder(this.root);
    return this.boxes.filter((box) => box.checked).map((box) => box.value);
  }

  mark(box) {
    if (!markOne(this.boxes, box, this.most, this.root.dataset.nota)) return this.say(this.words.too_many);
    const count = this.root.querySelector("[data-count]");
    if (count) count.textContent = fill(this.words.count, { n: this.chosen.length, m: this.most });
    return this.say("");
  }

  say(words, name = "error") {
    const line = this.root.querySelector(`[data-${name}]`);
    line.hidden = !words;
    line.querySelector("span").textContent = words;
    if (words) line.scrollIntoView({ block: "center" });
  }

  stage(name) {
    showOnly(this.root, "when", name);
    document.title = document.title.replace(/^.*(?= – )/, name === "review" ? this.words.title2 : this.words.title1);
    window.scrollTo(0, 0);
    focusHeading(this.root);
  }

  review() {
    if (!this.chosen.length) return this.say(this.words.pick);
    layPapers(this.root, this.chosen, this.words.places);
    this.say("", "cast-error");
    return this.stage("review");
  }

  /** The same key goes with every repetition, so a vote whose answer got lost is never counted twice. */
  async cast() {
    if (this.casting) return;
    this.busy(true);
    try {
      const answer = await postForm(this.form.action, this.form, {
        paddedTo: CAST_BYTES,
        timeout: 15000,
        pause: 1000,
        patience: PATIENCE_MS,
        onRetry: () => this.say(this.words.retry, "cast-error"),
      });
      if (!swapPage(answer.html, answer.url)) window.location.reload();
    } catch (error) {
      this.busy(false);
      this.root.querySelector("[data-change]").hidden = true; // what was sent may be cast by now
      this.say(this.words.lost, "cast-error");
      if (!(error instanceof NetworkLost)) throw error;
    }
  }

  busy(on) {
    this.casting = on;
    const button = this.root.querySelector("[data-cast]");
    this.castHtml ??= [...button.childNodes];
    button.setAttribute("aria-busy", String(on));
    this.root.querySelector("[data-change]").disabled = on;
    if (!on) return button.replaceChildren(...this.castHtml);
    const spinner = document.createElement("span");
    spinner.className = "spin";
    return button.replaceChildren(spinner, this.words.casting);
  }
}
