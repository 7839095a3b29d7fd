/* Looks at a small copy of every picture: is it black, and is it the one before once more? Decides nothing about faces. */
const WIDTH = 32;
const HEIGHT = 24;
const STANDS_MS = 3000;

/* Grey levels of 0 to 255, on the small copy. Measured by benchmarks/picture_watch.py, which says where they stand:
   a covered lens stays below both, the darkest picture in which a face is still found stays above one of them. */
const DARK = 26;
const FLAT = 10;
const ENDS = 0.02; // share of pixels left out at either end: a hot pixel is not light
/* A still that is played again gives not one level of difference; of a live sensor's noise some pixel always moves. */
const SAME = 0;

export class PictureWatch {
  constructor() {
    const small = document.createElement("canvas");
    small.width = WIDTH;
    small.height = HEIGHT;
    this.small = small.getContext("2d", { willReadFrequently: true });
    this.small.imageSmoothingQuality = "high";
    this.reset();
  }

  reset() {
    this.last = null;
    this.since = { black: null, frozen: null };
  }

  /** What the canvas shows at `now` (ms): {black, same, problem}; `problem` once it has stood for three seconds. */
  look(canvas, now) {
    this.small.drawImage(canvas, 0, 0, WIDTH, HEIGHT);
    const grey = greyOf(this.small.getImageData(0, 0, WIDTH, HEIGHT).data);
    const black = isBlack(grey);
    const same = this.last !== null && grey.every((level, at) => Math.abs(level - this.last[at]) <= SAME);
    this.last = grey;
    const stood = { black: this.stands("black", black, now), frozen: this.stands("frozen", same, now) };
    // A covered lens may be so black that its noise is lost: that is one trouble, and the first of the two.
    return { black, same, problem: stood.black ? "black" : stood.frozen ? "frozen" : "" };
  }

  stands(name, so, now) {
    if (!so) this.since[name] = null;
    else this.since[name] ??= now;
    return so && now - this.since[name] >= STANDS_MS;
  }
}

function greyOf(rgba) {
  const grey = new Uint8Array(rgba.length / 4);
  for (let at = 0; at < grey.length; at += 1) {
    grey[at] = Math.round(0.299 * rgba[4 * at] + 0.587 * rgba[4 * at + 1] + 0.114 * rgba[4 * at + 2]);
  }
  return grey;
}

function isBlack(grey) {
  const sorted = Uint8Array.from(grey).sort();
  const out = Math.round(sorted.length * ENDS);
  const high = sorted[sorted.length - 1 - out];
  return high <= DARK && high - sorted[out] <= FLAT;
}
