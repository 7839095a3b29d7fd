/* Sends camera frames in chunks of at most 8 and waits for the server's verdict. It decides nothing itself. */
import { Advisor } from "./advisor.js";
import { ask, Pauses } from "./patience.js";
import { PictureWatch } from "./picture-watch.js";

const FRAME_MS = 110; // 9 frames a second: fast enough for a blink (0.15 s), slow enough for one small server
const CHUNK = 8;
const LEAST = 4;
const LEAST_STRAIGHT = 5; // as many as the server averages: one chunk of good frames is enough
const GOOD = 3; // good pictures in a row before the check begins: nobody just walks through the oval
const GUIDE_MS = 15000; // then it begins all the same: it has advice of its own, and after it the officer helps
const ANSWER_MS = 10000;
/** What the server asks for first: the face at rest. The movements follow. */
export const STRAIGHT = "straight";
/** Refusals after which a fresh challenge helps; the last two only when this page was away for a while. */
const BROKEN = ["interrupted"];
const GONE = ["challenge_over", "challenge_unknown"];

export class LivenessStream {
  /**
   * With `adviceUrl` the voter is guided into the oval before the first frame counts.
   * `hooks`: hint(answer), pending(answer), verdict(answer), waiting(kind, error), back(), broken(error, after), failed(error data).
   */
  constructor(camera, url, hooks, adviceUrl = "") {
    this.camera = camera;
    this.url = url;
    this.adviceUrl = adviceUrl;
    this.hooks = hooks;
    this.watch = new PictureWatch();
    window.addEventListener("online", () => this.hurry());
  }

  /** Starts a challenge, or goes on with one that was stopped: its chunks keep their numbers. */
  start(challenge) {
    this.stop();
    challenge.seq ??= 0;
    this.run = { challenge, frames: [], step: 0, early: true, resumed: challenge.seq > 0 || challenge.waited, busy: false, away: null, after: 0 };
    if (this.adviceUrl && !this.run.resumed) this.run.guide = { advisor: new Advisor(this.camera, this.adviceUrl), seen: 0, good: 0, ends: performance.now() + GUIDE_MS };
    this.watch.reset();
    this.timer = setInterval(() => this.tick(), FRAME_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.run = null;
  }

  /** The network is there again: no need to wait for the pause to end. */
  hurry() {
    if (this.run) this.run.after = 0;
  }

  tick() {
    const run = this.run;
    if (this.camera.lost) return this.hooks.failed({ code: "camera_lost" });
    const useful = this.camera.draw() && !this.look(run);
    if (run !== this.run) return undefined;
    if (run.guide) return useful && this.moves(run.guide) && run.guide.advisor.due ? this.guide(run) : undefined;
    if (useful) run.frames.push({ picture: this.camera.encode(), step: run.step });
    if (run.frames.length > CHUNK) run.frames.shift();
    if (!run.busy && run.frames.length >= (run.early ? LEAST_STRAIGHT : LEAST) && performance.now() >= run.after) return this.post(run);
    return undefined;
  }

  /** From the second picture on: one alone may be a picture that stands still. */
  moves(guide) {
    guide.seen += 1;
    return guide.seen > 1;
  }

  /** The server's advice about this picture; the check begins when all is good, and when nobody can say. */
  async guide(run) {
    const { guide } = run;
    const { kind, data } = await guide.advisor.question({ challenge_id: run.challenge.id });
    if (run !== this.run) return;
    guide.good = data.ok ? guide.good + 1 : 0;
    if (kind !== "answer" || guide.good >= GOOD || performance.now() >= guide.ends) run.guide = null;
    if (kind === "answer") this.hooks.hint(data);
  }

  /**
   * Whether this picture is kept back. Before the first movement a black picture or one that stands still is not sent,
   * and after three seconds it is said; later the server judges every picture that the camera delivers.
   */
  look(run) {
    const seen = this.watch.look(this.camera.canvas, performance.now());
    const delivered = this.camera.takeDelivered();
    // The word of a picture may come after it was drawn already: one word alone is no second picture.
    const undelivered = seen.same && delivered < 2;
    if (seen.problem && (run.early || undelivered)) this.hooks.failed({ code: seen.problem });
    return undelivered || (run.early && (seen.black || seen.same));
  }

  /** Frames taken while an earlier movement was asked for go out under that movement's number, in a chunk of their own. */
  chunk(run) {
    const { step } = run.frames[0];
    const end = run.frames.findIndex((frame) => frame.step !== step);
    return { step, frames: run.frames.splice(0, end < 0 ? CHUNK : end).map((frame) => frame.picture) };
  }

  /** A mark of the camera in use and its picture size: when it changes on the way, the server starts anew. */
  async mark(run) {
    const track = this.camera.stream?.getVideoTracks()[0];
    const { deviceId, width, height } = track?.getSettings() ?? {};
    const seen = JSON.stringify([deviceId, track?.label, width, height]);
    if (run.seen !== seen) {
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(seen));
      run.mark = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
      run.seen = seen;
    }
    return run.mark;
  }

  async post(run) {
    run.busy = true;
    const frames = this.chunk(run);
    const body = { challenge_id: run.challenge.id, seq: run.challenge.seq, camera: await this.mark(run), ...frames };
    const answer = await ask(this.url, body, ANSWER_MS);
    run.busy = false;
    if (run !== this.run) return;
    if (answer.kind === "down" || answer.kind === "wait") this.lose(run, answer);
    else this.read(run, answer);
  }

  lose(run, { kind, retryAfter, data }) {
    run.away ??= new Pauses();
    run.down ||= kind === "down";
    run.after = performance.now() + run.away.next(retryAfter);
    run.frames = [];
    this.hooks.waiting(kind, data.error ?? {}, run.away.lost);
  }

  read(run, { kind, status, data }) {
    const { down } = run;
    const code = data.error?.code;
    if (kind === "refused" && (BROKEN.includes(code) || (GONE.includes(code) && (run.away || run.resumed)))) {
      this.stop();
      return this.hooks.broken(data, Boolean(down));
    }
    if (run.away) this.hooks.back();
    run.away = null;
    run.down = false;
    if (status === 202 || data.result === "pending") return this.pending(run, data);
    this.stop();
    return kind === "answer" && data.result ? this.hooks.verdict(data) : this.hooks.failed(data.error ?? {});
  }

  pending(run, data) {
    run.challenge.seq += 1;
    run.step = stepsDone(data, run.step);
    run.early = data.demand === STRAIGHT;
    this.hooks.pending({ ...data, step: run.step });
  }
}

/** The server may count the steps done, list them, or name the number of the next one. */
function stepsDone(data, current) {
  if (Array.isArray(data.steps_done)) return data.steps_done.length;
  if (Number.isInteger(data.steps_done)) return data.steps_done;
  return Number.isInteger(data.step) ? data.step : current;
}
