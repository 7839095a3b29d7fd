/* Sends camera frames in chunks of at most 8 and waits for the server's verdict. It decides nothing itself. */
import { NetworkLost, postJson } from "./http.js";

const FRAME_MS = 110; // 9 frames a second: fast enough for a blink (0.15 s), slow enough for one small server
const CHUNK = 8;
const LEAST = 4;
const LOST_AFTER = 4;

export class LivenessStream {
  /** `hooks`: pending(answer), verdict(answer), slow(), failed(error data). */
  constructor(camera, url, hooks) {
    this.camera = camera;
    this.url = url;
    this.hooks = hooks;
  }

  /** Collects from now on; nothing is sent before `send()`, so that the first chunk shows the face at rest. */
  start(challenge) {
    this.stop();
    this.run = { challenge, frames: [], seq: 0, step: 0, busy: false, sending: false, lost: 0 };
    this.timer = setInterval(() => this.tick(), FRAME_MS);
  }

  send() {
    if (this.run) this.run.sending = true;
  }

  stop() {
    clearInterval(this.timer);
    this.run = null;
  }

  tick() {
    const run = this.run;
    const frame = this.camera.grab();
    if (this.camera.lost) return this.hooks.failed({ code: "camera_lost" });
    if (frame) run.frames.push(frame);
    if (run.frames.length > CHUNK) run.frames.shift();
    if (run.sending && !run.busy && run.frames.length >= LEAST) this.post(run);
  }

  async post(run) {
    run.busy = true;
    const frames = run.frames.splice(0, CHUNK);
    const body = { challenge_id: run.challenge.id, step: run.step, frames, seq: run.seq };
    try {
      const answer = await postJson(this.url, body, { timeout: 15000 });
      if (run !== this.run) return;
      run.seq += 1;
      run.lost = 0;
      this.read(run, answer);
    } catch (error) {
      if (run === this.run) this.lose(run, error);
    } finally {
      run.busy = false;
    }
  }

  read(run, { status, ok, data }) {
    if (status === 202 || data.result === "pending") {
      run.step = stepsDone(data, run.step);
      this.hooks.pending({ ...data, step: run.step });
    } else if (ok && data.result) {
      this.stop();
      this.hooks.verdict(data);
    } else {
      this.stop();
      this.hooks.failed(data.error ?? {});
    }
  }

  lose(run, error) {
    if (!(error instanceof NetworkLost)) throw error;
    run.lost += 1;
    if (run.lost < LOST_AFTER) return this.hooks.slow();
    this.stop();
    return this.hooks.failed({ code: "network_lost" });
  }
}

/** The server may count the steps done, list them, or name the number of the next one. */
function stepsDone(data, current) {
  if (Array.isArray(data.steps_done)) return data.steps_done.length;
  if (Number.isInteger(data.steps_done)) return data.steps_done;
  return Number.isInteger(data.step) ? data.step : current;
}
