/* Enrolment at the desk: three to five guided pictures, each checked by the server before it is kept. */
import { Camera } from "../lib/camera.js";
import { pause } from "../lib/advisor.js";
import { postJson, NetworkLost } from "../lib/http.js";
import { Steady } from "../lib/steady.js";
import { fill, readWords } from "../lib/words.js";

export default class EnrolCamera {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.least = Number(root.dataset.least);
    this.most = Number(root.dataset.most);
    this.find = (name) => root.querySelector(`[data-${name}]`);
    this.camera = new Camera(this.find("video"));
    this.steady = new Steady((answer) => this.mark(answer), ({ said }) => this.speak(said));
    this.pictures = new Array(this.most).fill(null);
    this.find("start").addEventListener("click", () => this.start());
    this.find("take").addEventListener("click", () => this.take());
    for (const card of root.querySelectorAll("[data-shot]")) {
      card.querySelector("[data-again]").addEventListener("click", () => this.again(Number(card.dataset.shot) - 1));
    }
    this.find("form").addEventListener("submit", (event) => this.save(event));
    window.addEventListener("pagehide", () => this.camera.stop());
    this.draw();
  }

  get current() {
    return this.pictures.indexOf(null);
  }

  async start() {
    try {
      await this.camera.start();
    } catch (problem) {
      return this.say(this.words[problem.code] ?? this.words.missing);
    }
    this.find("start").hidden = true;
    this.find("take").hidden = false;
    this.find("take").focus();
    this.say(this.words.wait);
    this.draw();
    return this.loop();
  }

  async loop() {
    if (!this.camera.stream || !this.root.isConnected) return;
    const began = performance.now();
    if (this.current >= 0 && !document.hidden) await this.check();
    const took = performance.now() - began;
    setTimeout(() => this.loop(), pause(took) - took);
  }

  async check() {
    const frame = this.camera.grab();
    if (!frame) return null;
    try {
      const settings = { timeout: 8000, byItself: !this.taking };
      const { ok, data } = await postJson(this.root.dataset.check, { frame, index: this.current + 1 }, settings);
      this.show(ok ? data : { ok: false, advice: data.error?.message ?? this.words.lost });
      return ok && data.ok;
    } catch (error) {
      if (!(error instanceof NetworkLost)) throw error;
      this.say(this.words.lost);
      return false;
    }
  }

  show({ ok, advice, gates }) {
    const good = Boolean(ok);
    this.steady.want({ said: advice || (good ? this.words.good : this.words.wait), good, gates });
  }

  mark({ said, good, gates }) {
    this.find("say").textContent = said;
    if (good === undefined) return;
    this.root.dataset.fit = good ? "good" : "off";
    this.find("take").setAttribute("aria-disabled", String(!good));
    for (const gate of this.root.querySelectorAll("[data-gate]")) {
      const passed = gates ? gates[gate.dataset.gate] : good || undefined;
      gate.dataset.pip = passed === undefined || passed === null ? "wait" : passed ? "ok" : "bad";
      gate.querySelector("[data-gate-word]").textContent = gate.dataset.pip === "wait" ? "" : `: ${passed ? this.words.good_word : this.words.bad_word}`;
    }
  }

  /** The very picture that is kept is checked once more, so that no blink slips in between. */
  async take() {
    if (this.current < 0 || this.taking) return;
    this.taking = true;
    const at = this.current;
    const blob = await this.camera.blob();
    const still = this.copy();
    if (blob && (await this.check())) {
      this.pictures[at] = blob;
      this.root.querySelectorAll("[data-pic]")[at].replaceChildren(still);
      this.fillForm();
    }
    this.taking = false;
    this.draw();
  }

  copy() {
    const still = document.createElement("canvas");
    still.width = this.camera.canvas.width;
    still.height = this.camera.canvas.height;
    still.getContext("2d").drawImage(this.camera.canvas, 0, 0);
    return still;
  }

  again(at) {
    this.pictures[at] = null;
    this.root.querySelectorAll("[data-pic]")[at].replaceChildren();
    this.fillForm();
    this.draw();
    this.find("take").focus();
  }

  /** The camera's pictures go into the ordinary file field, so one form serves camera and files. */
  fillForm() {
    const box = new DataTransfer();
    this.pictures.forEach((blob, at) => blob && box.items.add(new File([blob], `picture-${at + 1}.jpg`, { type: "image/jpeg" })));
    this.find("files").files = box.files;
  }

  draw() {
    this.root.querySelectorAll("[data-shot]").forEach((card, at) => {
      const here = at === this.current && Boolean(this.camera.stream);
      card.classList.toggle("todo", !this.pictures[at]);
      card.classList.toggle("here", here);
      if (here) card.setAttribute("aria-current", "step");
      else card.removeAttribute("aria-current");
      card.querySelector("[data-again]").hidden = !this.pictures[at];
    });
    if (this.current < 0) this.say(this.words.full);
  }

  save(event) {
    const count = this.find("files").files.length;
    const error = this.find("error");
    const missing = this.least - count;
    error.hidden = missing <= 0;
    if (missing > 0) {
      event.preventDefault();
      error.querySelector("span").textContent = fill(this.words.left_out, { n: missing });
      return;
    }
    this.find("save").setAttribute("aria-busy", "true");
    this.camera.stop();
  }

  /** At once, because it answers what somebody did; advice about pictures takes its time. */
  say(said) {
    this.steady.now({ said });
  }

  speak(said) {
    this.find("said").textContent = said;
  }
}
