/* Checking in on one page: the code, this browser's key, its position. The server is asked twice; its second answer is the page that follows. */
import { sign } from "../lib/device-key.js";
import { NetworkLost, postJson } from "../lib/http.js";
import { sayWhy } from "../lib/leave-out.js";
import { go } from "../lib/line.js";
import { focusHeading, swapPage } from "../lib/page.js";
import { askPosition, GOOD_M, isAllowed, LISTEN_SECONDS } from "../lib/position.js";
import { fill, readWords, showOnly } from "../lib/words.js";

const RETRIES = 2; // a step that arrives twice changes nothing
const NO_CHECK_IN = "no_check_in";

export default class CheckIn {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.due = root.dataset.due ? JSON.parse(root.dataset.due) : null; // {attempt, nonce, layers}: what is still to be shown
    this.proofs = {};
    this.busy = false;
    sayWhy(root);
    this.on("[data-code]", "submit", (form) => this.enter(form));
    this.on("[data-sign]", "click", () => this.prove());
    this.on("[data-locate]", "click", () => this.locate());
    this.on("[data-leave]", "submit", (form) => this.leave(form));
    this.takeScanned();
  }

  /** Who scanned the screen has the code in the address, behind the #. It is typed for them; sending it is their act. */
  takeScanned() {
    const code = new URLSearchParams(location.hash.slice(1)).get("code");
    if (!code) return;
    history.replaceState(history.state, "", location.pathname + location.search);
    const form = this.root.querySelector("form[data-code]");
    if (!form) return;
    form.elements.code.value = code;
    form.querySelector("[type=submit], button").focus();
  }

  /** One touch, one act; what failed is said beside it. */
  on(selector, kind, act) {
    for (const element of this.root.querySelectorAll(selector)) {
      element.addEventListener(kind, async (event) => {
        event.preventDefault();
        if (this.busy) return;
        this.busy = true;
        const button = event.submitter ?? element;
        button.setAttribute("aria-busy", "true");
        this.say("");
        try {
          await act(element);
        } catch (problem) {
          this.trouble(problem);
        }
        button.removeAttribute("aria-busy");
        this.busy = false;
      });
    }
  }

  async enter(form) {
    const data = await this.post(this.root.dataset.codeUrl, { code: form.elements.code.value });
    if (!data.next) return this.follow(data);
    this.due = data.next;
    return this.is("device") ? this.prove() : this.forward();
  }

  async prove() {
    if (!window.isSecureContext) throw { code: "insecure", step: "device" };
    try {
      this.proofs.device = await sign(this.due.attempt, this.due.nonce);
    } catch (problem) {
      throw { code: problem.code ?? "failed", step: "device" };
    }
    this.due.layers.shift();
    return this.forward();
  }

  /** The position where it is asked for, by itself where the browser need not ask; else all proofs are there. */
  async forward() {
    if (!this.is("location")) return this.send();
    this.show("location");
    return (await isAllowed()) ? this.locate() : undefined;
  }

  async locate() {
    const finding = this.root.querySelector("[data-finding]");
    const button = this.root.querySelector("[data-locate]");
    button.setAttribute("aria-busy", "true");
    finding.hidden = false;
    try {
      this.proofs.location = await askPosition((found) => this.tell(finding, found));
    } catch (problem) {
      throw { code: problem.code, step: "location" };
    } finally {
      finding.hidden = true;
      button.removeAttribute("aria-busy");
    }
    return this.send();
  }

  tell(finding, { seconds, accuracy }) {
    finding.querySelector("progress").value = Math.min(seconds, LISTEN_SECONDS);
    const words = accuracy ? fill(this.words.better, { n: Math.round(accuracy), m: GOOD_M }) : this.words.asking;
    const said = finding.querySelector("[data-found]");
    if (said.textContent !== words) said.textContent = words;
  }

  /** What was proven so far goes first: the step that is left out must be the one that is due. */
  async leave(form) {
    if (form.dataset.leave !== "device" && this.proofs.device) await this.post(this.root.dataset.proofsUrl, { device: this.proofs.device });
    HTMLFormElement.prototype.submit.call(form);
  }

  async send() {
    const proven = Object.keys(this.proofs).length > 0;
    return this.follow(proven ? await this.post(this.root.dataset.proofsUrl, this.proofs) : { redirect: this.root.dataset.here });
  }

  follow(data) {
    if (!data.page || !swapPage(data.page, data.redirect)) return go(data.redirect);
    return undefined;
  }

  async post(url, values) {
    const { ok, data } = await postJson(url, { ...values, page: true }, { retries: RETRIES });
    if (!ok) throw { code: data.error?.code ?? "failed", message: data.error?.message };
    return data;
  }

  trouble(problem) {
    if (problem instanceof Error && !(problem instanceof NetworkLost)) throw problem;
    const code = problem instanceof NetworkLost ? "lost" : problem.code;
    if (problem.step) this.show(problem.step);
    else if (code === NO_CHECK_IN && this.step("code")) this.show("code");
    if (problem.step) sayWhy(this.step(problem.step), code);
    this.say(problem.message ?? this.words[code] ?? this.words.failed);
    if (this.shown === "code") this.mark(this.root.querySelector("[data-code]").elements.code);
  }

  mark(field) {
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }

  is(layer) {
    return this.due.layers[0] === layer;
  }

  step(name) {
    return this.root.querySelector(`[data-step="${name}"]`);
  }

  get shown() {
    return this.root.querySelector("[data-step]:not([hidden])").dataset.step;
  }

  show(name) {
    if (this.shown === name) return;
    showOnly(this.root, "step", name);
    focusHeading(this.root);
  }

  say(words) {
    this.step(this.shown).querySelector("[data-say]").textContent = words;
  }
}
