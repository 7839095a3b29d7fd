/* Looks at a small copy of every picture: is it black, and is it the one before once more? Decides nothing about faces. */
const WIDTH = 32;
const HEIGHT = 24;
const STANDS_MS = 3000;

/* Grey levels of 0 to 255, on the small copy, measured by benchmarks/picture_watch.py in Chromium: a covered lens with
   strong noise reached 18 and a spread of 4; a room so dark that dlib just found 4 faces of 11 had a spread of 11. */
export const DARK = 26;
export const FLAT = 7;
const ENDS = 0.02; // share of pixels left out at either end: a hot pixel is not light
/* A looped still gives not one level of difference in any of the 768 pixels; noise of half a level moved 99 of them. */
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

  /** The grey levels of the small copy, row by row. */
  grey(canvas) {
    this.small.drawImage(canvas, 0, 0, WIDTH, HEIGHT);
    return greyOf(this.small.getImageData(0, 0, WIDTH, HEIGHT).data);
  }

  /** What the canvas shows at `now` (ms): {black, same, problem}; `problem` once it has stood for three seconds. */
  look(canvas, now) {
    const grey = this.grey(canvas);
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

/** The brightest level, and how far the darkest lies below it; the ends are left out. */
export function extent(grey) {
  const sorted = Uint8Array.from(grey).sort();
  const out = Math.round(sorted.length * ENDS);
  const high = sorted[sorted.length - 1 - out];
  return { high, spread: high - sorted[out] };
}

function isBlack(grey) {
  const { high, spread } = extent(grey);
  return high <= DARK && spread <= FLAT;
}
