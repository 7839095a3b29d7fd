/* The camera of the desk and of the booth: 640 x 480, JPEG 0.85, never mirrored on the way to the server. */
export const WIDTH = 640;
export const HEIGHT = 480;
const QUALITY = 0.85;

const PROBLEMS = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "absent",
  NotReadableError: "busy",
  AbortError: "busy",
};

export class CameraProblem extends Error {
  /** @param {string} code insecure | refused | missing | absent | busy | failed */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

export class Camera {
  /** `fixed()` names the one camera to use, {id}, or null for any; with one named no other is ever opened. */
  constructor(video, fixed = () => null) {
    this.video = video;
    this.fixed = fixed;
    this.canvas = document.createElement("canvas");
    this.canvas.width = WIDTH;
    this.canvas.height = HEIGHT;
    this.stream = null;
  }

  async start() {
    if (!navigator.mediaDevices?.getUserMedia) throw new CameraProblem(window.isSecureContext ? "missing" : "insecure");
    const only = this.fixed();
    const which = only ? { deviceId: { exact: only.id } } : { facingMode: "user" };
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { width: { ideal: WIDTH }, height: { ideal: HEIGHT }, ...which },
      });
      this.video.srcObject = this.stream;
      await this.video.play();
      this.watch();
    } catch (error) {
      this.stop();
      throw new CameraProblem(PROBLEMS[error.name] ?? "failed");
    }
  }

  /** Counts the pictures that the camera really delivers: one of a slow camera must not be sent twice. */
  watch() {
    this.delivered = 0;
    if (!this.video.requestVideoFrameCallback) return;
    const note = () => {
      this.delivered += 1;
      if (this.stream) this.video.requestVideoFrameCallback(note);
    };
    this.video.requestVideoFrameCallback(note);
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }

  /** True when a track ended by itself: the plug was pulled. */
  get lost() {
    return this.stream?.getVideoTracks().some((track) => track.readyState === "ended") ?? false;
  }

  /** Draws the middle 4:3 of the picture, whatever shape the camera gives. */
  draw(canvas = this.canvas) {
    const { videoWidth: w, videoHeight: h } = this.video;
    if (!w || !h) return false;
    const width = Math.min(w, (h * WIDTH) / HEIGHT);
    const height = (width * HEIGHT) / WIDTH;
    canvas.getContext("2d").drawImage(this.video, (w - width) / 2, (h - height) / 2, width, height, 0, 0, WIDTH, HEIGHT);
    return true;
  }

  /** A data URL of the picture of now, or null while the camera warms up. */
  grab() {
    return this.draw() ? this.encode() : null;
  }

  /** How many pictures the camera delivered since this was asked last; a browser that cannot tell says: many. */
  takeDelivered() {
    const { delivered } = this;
    this.delivered = 0;
    return this.video.requestVideoFrameCallback ? delivered : Infinity;
  }

  /** The picture that was drawn last, as a data URL. */
  encode(quality = QUALITY) {
    return this.canvas.toDataURL("image/jpeg", quality);
  }

  blob() {
    return new Promise((done) => (this.draw() ? this.canvas.toBlob(done, "image/jpeg", 0.92) : done(null)));
  }
}
