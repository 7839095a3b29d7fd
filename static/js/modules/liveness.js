/* Step 2: "Are you …?", the camera, three movements, and what happens when it does not work. */
import * as display from "../lib/display.js";
import { Camera } from "../lib/camera.js";
import { postJson, NetworkLost } from "../lib/http.js";
import { go } from "../lib/line.js";
import { LivenessStream } from "../lib/liveness-stream.js";
import { focusHeading } from "../lib/page.js";
import { readWords, showOnly } from "../lib/words.js";
import { LivenessView } from "./liveness-view.js";

/** What the server asks for first: the face at rest. The movements follow. */
const STRAIGHT = "straight";

export default class Liveness {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.challenge = JSON.parse(root.dataset.challenge);
    this.view = new LivenessView(root, this.words);
    this.camera = new Camera(root.querySelector("[data-video]"));
    this.stream = new LivenessStream(this.camera, root.dataset.frames, {
      pending: (answer) => this.pending(answer),
      verdict: (answer) => this.verdict(answer),
      slow: () => this.view.advise(this.words.lost),
      failed: (error) => this.failed(error),
    });
    this.listen();
    this.view.tries(this.challenge.tries_left);
    this.state("confirm");
    window.addEventListener("pagehide", () => this.camera.stop());
  }

  listen() {
    const on = (name, action) => {
      for (const button of this.root.querySelectorAll(`[data-${name}]`)) button.addEventListener("click", () => this.guard(button, action));
    };
    on("yes", () => this.begin());
    on("again", () => this.again());
    on("camera-again", () => this.again());
  }

  /** One touch, one start. */
  async guard(button, action) {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    await action();
    button.removeAttribute("aria-busy");
  }

  state(name) {
    this.root.dataset.state = name;
    showOnly(this.root, "when", name);
    const key = ["starting", "checking"].includes(name) ? "running" : name;
    document.title = document.title.replace(/^.*(?= – )/, this.words.titles[key]);
    focusHeading(this.root);
    this.root.querySelector(".k-body").scrollTop = 0;
  }

  async begin() {
    this.unlockSound();
    this.view.plan(this.challenge);
    this.state("starting");
    try {
      if (!this.camera.stream) await this.camera.start();
    } catch (problem) {
      return this.problem(problem.code ?? "failed");
    }
    this.root.dataset.state = "running";
    this.view.step("ready");
    return this.stream.start(this.challenge);
  }

  problem(code) {
    showOnly(this.root, "problem", code);
    this.state("problem");
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
    if (result !== "mismatch") return this.state("officer");
    this.state("mismatch");
    return setTimeout(() => this.state("officer"), 6000);
  }

  failed(error) {
    this.stream.stop();
    if (error.code === "camera_lost") {
      this.camera.stop();
      return this.problem("missing");
    }
    this.view.keepPicture(this.camera);
    this.camera.stop();
    const said = error.message ? { heading: this.words.again, message: error.message } : { heading: this.words.lost_head, message: this.words.lost_text };
    this.view.unknown(said);
    return this.state("unknown");
  }

  /** A challenge is used once: every new try asks for a fresh one. */
  async again() {
    try {
      const { ok, data } = await postJson(this.root.dataset.start, { voter_id: this.root.dataset.voter }, { retries: 2 });
      if (ok && data.challenge) {
        this.challenge = data.challenge;
        return await this.begin();
      }
      if (data.redirect) return go(data.redirect);
      if (data.officer) return this.state("officer");
      return this.failed(data.error ?? data);
    } catch (error) {
      if (!(error instanceof NetworkLost)) throw error;
      return this.failed({});
    }
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

