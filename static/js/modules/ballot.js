/* Steps 3 and 4: mark, check, cast. The review asks the server nothing, so no request depends on the choice. */
import { NetworkLost, postForm, postJson } from "../lib/http.js";
import { CAST_BYTES, freshKey, layPapers, markOne } from "../lib/ballot.js";
import { go, whenUp } from "../lib/line.js";
import { focusHeading, swapPage } from "../lib/page.js";
import { NOTA, readOrder } from "../lib/ranks.js";
import { fill, readWords, showOnly } from "../lib/words.js";
import { BallotClock } from "./ballot-clock.js";
import { BallotIdle } from "./ballot-idle.js";

export default class Ballot {
  constructor(root) {
    this.root = root;
    this.kiosk = root.closest("[data-page]");
    this.words = readWords(root);
    this.most = Number(root.dataset.max);
    this.form = root.querySelector("[data-form]");
    this.ranked = root.querySelector("[data-rank]") !== null;
    this.boxes = [...root.querySelectorAll("[data-choices] :is(input, [data-pick])")];
    this.form.elements.idempotency_key.value = freshKey();
    this.clock = new BallotClock(root, this.words, { more: () => this.moreTime() });
    this.idle = new BallotIdle(root, this.words, { clock: this.clock, abandon: () => this.abandon() });
    this.listen();
    this.mark();
    this.stage("choose", false);
  }

  listen() {
    const on = (name, action) => this.root.querySelector(`[data-${name}]`)?.addEventListener("click", action);
    for (const box of this.boxes) box.addEventListener("change", () => this.mark(box));
    this.root.addEventListener("ranking:changed", () => this.say(""));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.root.dataset.stage === "choose") this.review();
    });
    on("change", () => this.stage("choose"));
    on("cast", () => this.cast());
    on("more", () => this.moreTime());
    on("scroll", () => this.scroll());
    const body = this.root.querySelector(".k-body");
    body.addEventListener("scroll", () => this.below(), { passive: true });
    new ResizeObserver(() => this.below()).observe(body);
  }

  get chosen() {
    if (this.ranked) return readOrder(this.root);
    return this.boxes.filter((box) => box.checked).map((box) => box.value);
  }

  /** NOTA excludes the names and a name excludes NOTA; one mark too many is taken back and said. */
  mark(box) {
    if (!markOne(this.boxes, box, this.most, NOTA)) return this.say(this.words.too_many);
    const count = this.root.querySelector("[data-count]");
    if (count) count.textContent = fill(this.words.count, { n: this.chosen.length, m: this.most });
    return this.say("");
  }

  say(words, name = "error") {
    const line = this.root.querySelector(`[data-${name}]`);
    line.hidden = !words;
    line.querySelector("span").textContent = words;
    if (words) line.scrollIntoView({ block: "nearest" });
    this.below();
  }

  stage(name, focus = true) {
    this.root.dataset.stage = name;
    showOnly(this.root, "when", name);
    const step = name === "review" ? 4 : 3;
    this.root.querySelector("[data-step-words]").textContent = this.words[`step${step}`];
    document.title = document.title.replace(/^.*(?= – )/, this.words[`title${step}`]);
    this.root.dispatchEvent(new CustomEvent("kiosk:step", { bubbles: true, detail: step }));
    this.root.querySelector(".k-body").scrollTop = 0;
    if (focus) focusHeading(this.root);
    this.below();
  }

  review() {
    if (!this.chosen.length) return this.say(this.words.pick);
    layPapers(this.root, this.chosen, this.ranked ? this.words.places : []);
    this.say("", "cast-error");
    return this.stage("review");
  }

  /** The same key goes with every repetition, so a vote whose answer got lost is never counted twice. */
  async cast() {
    if (this.casting) return;
    this.busy(true);
    this.clock.hold();
    try {
      const answer = await postForm(this.form.action, this.form, {
        paddedTo: CAST_BYTES,
        timeout: 12000,
        pause: 1000,
        patience: Number(this.root.dataset.castPatience) * 1000,
        onRetry: () => this.say(this.words.retry, "cast-error"),
      });
      this.show(answer);
    } catch (error) {
      this.busy(false);
      this.root.querySelector("[data-change]").hidden = true; // what was sent may be cast by now
      this.say(this.words.lost, "cast-error");
      if (!(error instanceof NetworkLost)) throw error;
    }
  }

  /** An answer that is no page of the booth (it was closed meanwhile) is asked for again, at its own address. */
  show(answer) {
    this.clock.stop();
    this.idle.stop();
    if (swapPage(answer.html, this.root.dataset.home)) return;
    go(answer.url === this.form.action ? this.root.dataset.home : answer.url);
  }

  /** Nobody is there: the server closes the ballot and says what became of it. */
  async abandon() {
    this.clock.stop();
    const form = this.kiosk.querySelector("[data-abandon]");
    await whenUp();
    try {
      this.show(await postForm(form.action, form, { retries: 2 }));
    } catch (error) {
      if (!(error instanceof NetworkLost)) throw error;
      go(this.root.dataset.home);
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

  async moreTime() {
    try {
      const { ok, data } = await postJson(this.root.dataset.moreUrl, {}, { retries: 1 });
      if (ok && Number.isFinite(data.seconds_left)) this.clock.extend(data.seconds_left, this.words.given);
      else this.clock.refuse(data.error?.message ?? this.words.no_more);
    } catch (error) {
      if (!(error instanceof NetworkLost)) throw error;
      this.clock.refuse(this.words.retry);
    }
  }

  /** How many names lie below the edge; a button says so and scrolls, no drag needed. */
  below() {
    const button = this.root.querySelector("[data-below]");
    const label = button.querySelector("[data-scroll]");
    const focused = document.activeElement === label;
    button.hidden = true;
    if (!this.namesBelow()) {
      if (focused) this.focusRow(this.rows.at(-1)); // a button that goes away would take the focus with it
      return;
    }
    button.hidden = false; // it covers rows itself, so they are counted again above it
    this.hiddenRows = this.rowsBelow(button.getBoundingClientRect().top);
    const n = this.hiddenRows.length;
    label.lastChild.nodeType === Node.TEXT_NODE ? (label.lastChild.data = "") : label.append("");
    label.lastChild.data = n === 1 ? this.words.one_below : fill(this.words.more_below, { n });
  }

  namesBelow() {
    const body = this.root.querySelector(".k-body");
    if (this.root.dataset.stage !== "choose" || body.scrollHeight <= body.clientHeight + 4) return false;
    return this.rowsBelow(body.getBoundingClientRect().bottom).length > 0;
  }

  get rows() {
    return this.boxes.map((box) => box.closest("[data-choice]"));
  }

  rowsBelow(edge) {
    return this.rows.filter((row) => row.getBoundingClientRect().bottom > edge + 2);
  }

  scroll() {
    const row = this.hiddenRows?.[0];
    if (!row) return;
    row.scrollIntoView({ block: "start" });
    this.focusRow(row);
  }

  focusRow(row) {
    row.querySelector("input, [data-pick]").focus({ preventScroll: true });
  }
}
