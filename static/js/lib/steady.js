/* Words that change many times a second are read by nobody: each stands for a while, and is spoken more rarely still. */
const STANDS_MS = 700;
const SPOKEN_MS = 2000; // a screen reader finishes one sentence before the next

class Slow {
  constructor(least, change) {
    this.least = least;
    this.change = change;
    this.since = -Infinity;
  }

  /** Shows this as soon as what stands there has stood long enough; the last wish wins. */
  want(value) {
    this.value = value;
    if (this.waiting) return;
    const wait = this.since + this.least - performance.now();
    if (wait <= 0) this.now(value);
    else this.waiting = setTimeout(() => this.now(this.value), wait);
  }

  now(value) {
    clearTimeout(this.waiting);
    this.waiting = null;
    const key = JSON.stringify(value);
    if (key === this.key) return;
    this.key = key;
    this.since = performance.now();
    this.change(value);
  }
}

export class Steady {
  /** `show(value)` changes the picture of the page, `speak(value)` what is read out. */
  constructor(show, speak) {
    this.slow = [new Slow(STANDS_MS, show), new Slow(SPOKEN_MS, speak)];
  }

  want(value) {
    for (const one of this.slow) one.want(value);
  }

  /** At once: the page shows something else now. */
  now(value) {
    for (const one of this.slow) one.now(value);
  }
}
