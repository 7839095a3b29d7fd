/* The voice of the booth: one utterance at a time, cut at sentences, the more urgent first. */

/** What is said waits for what is more urgent; `focus` and `alert` interrupt what is less urgent, or as urgent. */
export const LEVEL = { screen: 1, status: 2, focus: 3, alert: 4 };

/** Times the voice's own speed. VVSG 1.1, 3.3.3-C asks for 0.75 to 2. */
export const RATES = { slower: 0.75, normal: 1, faster: 1.5 };

const LONGEST = 150; // characters: 14 s at the slowest speed; Chromium goes silent after some 15 s
const GAP_MS = 60; // Chromium drops an utterance that comes in the same moment as a cancel
const VOICES_MS = 1500; // voices come late, once, after the first question for them
const WATCH_MS = 4000; // an utterance whose end is never told
const WATCH_MS_A_CHARACTER = 160;

/** Cuts a text at sentences, and long sentences at commas or spaces. */
export function sentences(text, lang = "en") {
  const plain = text.replaceAll(/\s+/g, " ").trim();
  const cuts = [...new Intl.Segmenter(lang, { granularity: "sentence" }).segment(plain)].map((part) => part.segment.trim());
  return cuts.flatMap((part) => part.split(/(?<=[.!?]) (?=\d)/)).flatMap(shorten).filter((part) => /[\p{L}\p{N}]/u.test(part));
}

function shorten(sentence) {
  if (sentence.length <= LONGEST) return [sentence];
  const head = sentence.slice(0, LONGEST);
  const at = Math.max(head.lastIndexOf(", ") + 1, head.lastIndexOf("; ") + 1) || head.lastIndexOf(" ");
  const cut = at > 0 ? at : LONGEST;
  return [sentence.slice(0, cut).trim(), ...shorten(sentence.slice(cut).trim())];
}

export class SpeechQueue {
  constructor() {
    this.items = [];
    this.now = null;
    this.last = "";
    this.rate = RATES.normal;
    this.muted = true;
  }

  get synth() {
    return window.speechSynthesis ?? null;
  }

  /** A voice of the page's language that speaks on this computer: others would send the choice over the network. */
  get voice() {
    const lang = this.lang.split("-")[0];
    const ours = (this.synth?.getVoices() ?? []).filter((one) => one.localService && one.lang.split(/[-_]/)[0].toLowerCase() === lang);
    return ours.find((one) => one.default) ?? ours[0] ?? null;
  }

  get lang() {
    return document.documentElement.lang || "en";
  }

  /** Resolves to whether this computer has a voice. */
  ready() {
    this.asked ??= new Promise((done) => {
      if (!this.synth || this.voice) return done();
      this.synth.addEventListener?.("voiceschanged", done, { once: true });
      return setTimeout(done, VOICES_MS);
    });
    return this.asked.then(() => Boolean(this.voice));
  }

  /** Takes a text into the queue. The same sentence is not said twice in a row. */
  say(text, level = LEVEL.status) {
    if (this.muted || !text) return;
    if (level >= LEVEL.focus) this.cut(level);
    const parts = sentences(text, this.lang).map((part) => ({ text: part, level }));
    const at = this.items.findIndex((item) => item.level < level);
    this.items.splice(at < 0 ? this.items.length : at, 0, ...parts);
    this.next();
  }

  /** What is no more urgent than `level` gives way. */
  cut(level) {
    this.items = this.items.filter((item) => item.level > level);
    if (this.now && this.now.level <= level) this.hush();
  }

  /** Silence at once; nothing waits any more. */
  stop() {
    this.items = [];
    this.hush();
  }

  /** A voter who asks again gets an answer, also the same one. */
  forget() {
    this.last = "";
  }

  hush() {
    this.now = null;
    clearTimeout(this.timer);
    this.synth?.cancel();
  }

  async next() {
    if (this.now || this.waiting) return;
    this.waiting = true;
    await this.ready();
    this.waiting = false;
    if (this.now) return;
    let item = this.items.shift();
    while (item && item.text === this.last) item = this.items.shift();
    if (!item) return;
    this.now = item;
    this.last = item.text;
    window.dispatchEvent(new CustomEvent("speech:said", { detail: { text: item.text, level: item.level } }));
    this.utter(item);
  }

  utter(item) {
    const done = () => this.done(item);
    const voice = this.voice;
    if (!voice) return queueMicrotask(done);
    const words = Object.assign(new SpeechSynthesisUtterance(item.text), { voice, lang: voice.lang, rate: this.rate, onend: done, onerror: done });
    this.timer = setTimeout(() => {
      this.synth.speak(words);
      this.timer = setTimeout(done, WATCH_MS + (item.text.length * WATCH_MS_A_CHARACTER) / this.rate);
    }, GAP_MS);
    return undefined;
  }

  done(item) {
    if (this.now !== item) return;
    clearTimeout(this.timer);
    this.now = null;
    this.next();
  }
}

/** One voice for the whole page; it outlives the parts that are swapped. */
export const speech = new SpeechQueue();
window.addEventListener("pagehide", () => speech.stop());
