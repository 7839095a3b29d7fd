/* Step 2: "Are you …?", the camera, three movements, and what happens when it does not work. */
import * as display from "../lib/display.js";
import { chosen } from "../lib/booth-camera.js";
import { Camera } from "../lib/camera.js";
import { sayWhy } from "../lib/leave-out.js";
import { go } from "../lib/line.js";
import { LivenessStream, STRAIGHT } from "../lib/liveness-stream.js";
import { focusHeading } from "../lib/page.js";
import { ask, Pauses } from "../lib/patience.js";
import { readWords, showOnly } from "../lib/words.js";
import { LivenessView } from "./liveness-view.js";

const ANSWER_MS = 10000;
const SHORT_WAITS = 2; // so many pauses of a busy server are advice; from then on it is said over the picture
/** What no other try mends by itself: each has words of its own. */
const PROBLEMS = { camera_lost: "missing", black: "black", frozen: "frozen", disk_full: "disk_full", model_unavailable: "no_engine" };

export default class Liveness {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.challenge = JSON.parse(root.dataset.challenge);
    this.view = new LivenessView(root, this.words);
    this.camera = new Camera(root.querySelector("[data-video]"), chosen);
    this.stream = new LivenessStream(this.camera, root.dataset.frames, {
      hint: (answer) => this.view.hint(answer),
      pending: (answer) => this.pending(answer),
      verdict: (answer) => this.verdict(answer),
      waiting: (kind, error, times) => this.waiting(kind, error, times),
      back: () => this.view.line(""),
      broken: (answer, line) => this.broken(answer, line),
      failed: (error) => this.failed(error),
    }, root.dataset.guide);
    this.listen();
    this.view.tries(this.challenge.tries_left);
    sayWhy(root);
    this.state("confirm");
    window.addEventListener("pagehide", () => this.camera.stop());
  }

  listen() {
    const on = (name, action) => {
      for (const button of this.root.querySelectorAll(`[data-${name}]`)) button.addEventListener("click", () => this.guard(button, action));
    };
    on("yes", () => this.begin());
    on("again", () => this.again());
    on("camera-again", () => this.resume());
  }

  /** One touch, one start. */
  async guard(button, action) {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    await action();
    button.removeAttribute("aria-busy");
  }

  state(name, title = ["starting", "checking"].includes(name) ? "running" : name) {
    this.root.dataset.state = name;
    showOnly(this.root, "when", name);
    document.title = document.title.replace(/^.*(?= – )/, this.words.titles[title] ?? this.words.titles[name]);
    focusHeading(this.root);
    this.root.querySelector(".k-body").scrollTop = 0;
  }

  async begin() {
    this.unlockSound();
    this.view.plan(this.challenge);
    if (this.root.dataset.state !== "running") this.state("starting");
    try {
      if (!this.camera.stream) await this.camera.start();
    } catch (problem) {
      return this.problem(problem.code ?? "failed");
    }
    sayWhy(this.root);
    this.root.dataset.state = "running";
    this.view.step("ready");
    return this.stream.start(this.challenge);
  }

  problem(code) {
    this.stream.stop();
    this.camera.stop();
    sayWhy(this.root, code);
    showOnly(this.root, "problem", code);
    this.state("problem", code);
  }

  /** After a trouble with the camera the same challenge goes on where it can; the server says when it cannot. */
  resume() {
    this.challenge.waited = true;
    return this.begin();
  }

  pending(answer) {
    this.view.advise(answer.advice, answer.reason);
    if (answer.demand === STRAIGHT) return this.view.step("ready");
    if (answer.step >= this.challenge.steps.length) {
      this.root.dataset.state = "checking";
      return this.view.step("checking");
    }
    return this.view.move(answer.step, answer.seconds_left ?? this.challenge.step_seconds);
  }

  verdict(answer) {
    if (answer.result === "success") return go(answer.redirect);
    this.view.keepPicture(this.camera);
    this.camera.stop();
    this.view.tries(answer.tries_left ?? 0);
    if (answer.result === "mismatch") this.beep();
    if (answer.result === "unknown") this.view.unknown(answer);
    if (answer.officer) return this.officer(answer.result);
    return this.state(answer.result);
  }

  /** The third mismatch still shows the red frame for a moment before the officer's screen covers it. */
  officer(result) {
    this.camera.stop();
    if (result !== "mismatch") return this.state("officer");
    this.state("mismatch");
    return setTimeout(() => this.state("officer"), 6000);
  }

  /** No answer, or one that passes by itself: the page keeps trying. */
  waiting(kind, error, times) {
    if (kind === "down" || times > SHORT_WAITS) return this.view.line(kind);
    return this.view.advise(error.message ?? this.words.wait);
  }

  /** The challenge broke through nobody's fault; the movements start again, the tries stay as the server counts them. */
  broken(answer, line) {
    if (answer.officer) return this.officer("unknown");
    this.root.dataset.state = "running";
    this.view.plan(this.challenge);
    return this.again(line ? "back" : "broken");
  }

  failed(error) {
    this.stream.stop();
    if (PROBLEMS[error.code]) return this.problem(PROBLEMS[error.code]);
    this.view.keepPicture(this.camera);
    this.camera.stop();
    const said = error.message ? { heading: this.words.again, message: error.message } : { heading: this.words.lost_head, message: this.words.lost_text };
    this.view.unknown(said);
    return this.state("unknown");
  }

  /** A challenge is used once: every new try asks for a fresh one. `said` stands over the picture when it comes. */
  async again(said = "") {
    const data = await this.freshChallenge();
    if (!data) return undefined;
    if (data.challenge) {
      this.challenge = data.challenge;
      this.view.tries(data.challenge.tries_left);
      this.view.line(said || (this.waited ? "back" : ""));
      return this.begin();
    }
    if (data.redirect) return go(data.redirect);
    if (data.officer) return this.officer("unknown");
    return this.failed(data.error ?? data);
  }

  /** The server's answer to "Try again", however long the line is down; null when the voter left the page. */
  async freshChallenge() {
    const pauses = new Pauses();
    while (this.root.isConnected) {
      const answer = await ask(this.root.dataset.start, { voter_id: this.root.dataset.voter }, ANSWER_MS);
      this.waited = pauses.lost > 0;
      if (["answer", "refused"].includes(answer.kind)) return answer.data;
      if (!["starting", "running"].includes(this.root.dataset.state)) this.state("starting");
      this.view.line(answer.kind);
      await new Promise((done) => setTimeout(done, pauses.next(answer.retryAfter)));
    }
    return null;
  }

  /** Browsers play sound only after a touch; this touch is the one, so that the alarm may sound later. */
  unlockSound() {
    this.root.querySelector("#beep").load();
  }

  beep() {
    const sound = this.root.querySelector("#beep");
    if (display.get("sound") !== "on") return;
    sound.currentTime = 0;
    sound.play().catch(() => {});
  }
}
