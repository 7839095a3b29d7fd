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

  start(challenge) {
    this.stop();
    this.run = { challenge, frames: [], seq: 0, step: 0, busy: false, lost: 0 };
    this.timer = setInterval(() => this.tick(), FRAME_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.run = null;
  }

  tick() {
    const run = this.run;
    const picture = this.camera.grab();
    if (this.camera.lost) return this.hooks.failed({ code: "camera_lost" });
    if (picture) run.frames.push({ picture, step: run.step });
    if (run.frames.length > CHUNK) run.frames.shift();
    if (!run.busy && run.frames.length >= LEAST) this.post(run);
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
    const body = { challenge_id: run.challenge.id, seq: run.seq, camera: await this.mark(run), ...frames };
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
