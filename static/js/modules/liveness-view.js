/* What the face check shows: the movement, the seconds, the advice, the tries, the kept picture. */
import { Steady } from "../lib/steady.js";
import { fill, showOnly } from "../lib/words.js";

const PASSING_MS = 6000; // "The line is back" is read twice over in this time
const PIPS = {
  light: ["bad_light", "too_dark", "too_bright", "backlight", "light"],
  distance: ["face_too_small", "too_far", "too_close", "move_left", "move_right", "come_closer", "distance"],
  faces: ["multiple_faces", "two_faces", "no_face", "faces"],
};

export class LivenessView {
  constructor(root, words) {
    this.root = root;
    this.words = words;
    this.total = Number(root.dataset.triesTotal);
    this.steady = new Steady((advice) => this.showAdvice(advice), ({ words: said, fit }) => this.speak(said || (fit === "good" ? words.good : "")));
    this.all = (selector) => [...root.querySelectorAll(selector)];
  }

  /** A new challenge: its movements in their order. */
  plan(challenge) {
    this.now = null;
    this.steps = challenge.steps;
    this.seconds = challenge.step_seconds;
    const rows = this.all("[data-move]");
    rows.forEach((row, at) => {
      row.dataset.move = this.steps[at] ?? "";
      row.hidden = at >= this.steps.length;
      row.querySelector("[data-move-word]").textContent = this.words.moves[this.steps[at]] ?? "";
      this.mark(row, "todo");
    });
    this.step("ready");
    this.steady.now({ words: "", code: "", fit: "wait" });
    for (const arc of this.all("[data-arc]")) arc.setAttribute("stroke-dashoffset", "100");
  }

  /** Heading, lead, drawing and arrow of one movement, of "ready" or of "checking". */
  step(name) {
    if (this.now === name) return;
    this.now = name;
    this.root.dataset.asked = name;
    showOnly(this.root, "head", name);
    showOnly(this.root, "lead", name);
    showOnly(this.root, "turn", ["checking", "line"].includes(name) ? "ready" : name);
    for (const arrow of this.all("[data-arrow]")) arrow.toggleAttribute("hidden", arrow.dataset.arrow !== name);
  }

  move(index, seconds) {
    this.all("[data-move]").forEach((row, at) => {
      this.mark(row, at < index ? "done" : at === index ? "here" : "todo", seconds);
    });
    this.step(this.steps[index]);
    const used = 1 - Math.max(0, Math.min(1, seconds / this.seconds));
    for (const arc of this.all("[data-arc]")) arc.setAttribute("stroke-dashoffset", String(100 - used * 100));
  }

  mark(row, state, seconds = 0) {
    row.classList.toggle("done", state === "done");
    row.classList.toggle("here", state === "here");
    if (state === "here") row.setAttribute("aria-current", "step");
    else row.removeAttribute("aria-current");
    const left = Math.max(0, Math.ceil(seconds));
    row.querySelector("[data-seconds]").textContent = state !== "here" ? "" : left === 1 ? this.words.second : fill(this.words.seconds, { n: left });
    row.querySelector("[data-done]").hidden = state !== "done";
  }

  /** Words of advice, or none; a code of the server also turns its mark red. */
  advise(words, code = "") {
    this.steady.want({ words: words ?? "", code: code ?? "", fit: words ? "off" : "good" });
  }

  /** What the server says of a picture before the check begins. */
  hint({ advice, reason }) {
    this.advise(advice, reason);
  }

  /** The oval: dashes while something is to change, a whole line and a tick when all is good. */
  showAdvice({ words, code, fit }) {
    for (const pip of this.all("[data-check]")) {
      pip.dataset.pip = fit === "wait" ? "wait" : PIPS[pip.dataset.check].includes(code) ? "bad" : "ok";
    }
    this.root.dataset.fit = fit;
    this.root.querySelector("[data-advice]").hidden = !words;
    this.root.querySelector("[data-checks]").hidden = Boolean(words);
    this.root.querySelector("[data-advice-words]").textContent = words;
  }

  speak(words) {
    this.root.querySelector("[data-advice-said]").textContent = words;
  }

  /** Words over the live picture: "down", "wait", "back", "broken", or "" for none. */
  line(name) {
    clearTimeout(this.passing);
    showOnly(this.root, "line", name);
    if (["down", "wait"].includes(name)) this.rest();
    if (["back", "broken"].includes(name)) this.passing = setTimeout(() => this.line(""), PASSING_MS);
  }

  /** Nothing is asked while nobody is there to see it. */
  rest() {
    this.step("line");
    this.all("[data-move].here").forEach((row) => this.mark(row, "todo"));
    for (const arc of this.all("[data-arc]")) arc.setAttribute("stroke-dashoffset", "100");
  }

  tries(left) {
    const used = Math.max(0, this.total - left);
    const words = left === 1 ? this.words.try : left > 0 ? fill(this.words.tries, { n: left }) : this.words.last;
    for (const place of this.all("[data-tries-words]")) place.textContent = words;
    for (const rings of this.all("[data-tries]")) {
      rings.setAttribute("aria-label", fill(this.words.tries_used, { n: used, m: this.total }));
      [...rings.children].forEach((ring, at) => ring.classList.toggle("used", at < used));
    }
  }

  /** The heading is the one thing to change; the rest of the reasons follow. */
  unknown(answer) {
    const heading = this.root.querySelector("[data-unknown-head]");
    if (answer.heading || answer.message) heading.textContent = answer.heading ?? answer.message;
    const more = (answer.reasons ?? []).filter((reason) => reason.includes(" ") && reason !== heading.textContent);
    const message = answer.heading ? answer.message : "";
    const sentences = more.map((reason) => (/[.!?]$/.test(reason) ? reason : `${reason}.`));
    const text = [...sentences, message].filter(Boolean).join(" ");
    this.root.querySelector("[data-unknown-text]").textContent = text;
    const safe = this.root.querySelector("[data-safe]");
    safe.hidden = text.includes(safe.textContent.trim()); // said once
  }

  keepPicture(camera) {
    for (const canvas of this.all("[data-still]")) camera.draw(canvas);
  }
}
