/* Asks the server what would make the next picture good, while somebody finds the place before the camera. */
import { ask } from "./patience.js";

const ASK_MS = 100; // with every picture of a page's clock, eight to nine a second, where server and line allow it
const ANSWER_MS = 4000;
const JPEG_QUALITY = 0.7; // the whole picture at this quality: in a smaller one a good face reads as blurred

/** When to ask again after an answer that took `took` ms, counted from the question: a slow server gets time to rest. */
export function pause(took) {
  return Math.max(ASK_MS, 1.25 * took);
}

/** One question at a time: a slow line makes them rarer and never a queue. Nothing is asked while nobody looks. */
export class Advisor {
  constructor(camera, url) {
    this.camera = camera;
    this.url = url;
    this.next = 0;
    this.busy = false;
  }

  get due() {
    return !this.busy && !document.hidden && performance.now() >= this.next;
  }

  /** The answer about the picture drawn last, {kind, status, data} as `ask` of patience.js. `more` goes along. */
  async question(more) {
    this.busy = true;
    const began = performance.now();
    const answer = await ask(this.url, { ...more, frame: this.camera.encode(JPEG_QUALITY) }, ANSWER_MS);
    this.next = began + pause(performance.now() - began);
    this.busy = false;
    return answer;
  }
}
