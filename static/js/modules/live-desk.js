/* The live desk: swaps the parts that changed for those the server drew; says the turnout, and how the line is. */
import { LiveLine } from "../lib/live-line.js";
import { fill, readWords } from "../lib/words.js";

const SAY_EVERY_MS = 10000;

export default class LiveDesk {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.status = root.dataset.status;
    this.shown = new Map();
    this.saidAt = 0;
    if ("final" in root.dataset) return;
    this.line = new LiveLine(root.dataset.url, {
      onData: (data) => this.write(data),
      onState: (state, seen) => this.tell(state, seen),
    });
  }

  write({ status, html }) {
    if (status !== this.status) return void window.location.reload();
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const here = this.parts(this.root);
    const there = this.parts(fresh);
    if ([...there.keys()].join() !== [...here.keys()].join()) return void window.location.reload();
    for (const [name, part] of there) this.swap(name, here.get(name), part);
    this.clock(fresh.querySelector("[data-left]")?.dataset.left);
    this.say(here.get("turnout"));
    return undefined;
  }

  parts(root) {
    return new Map([...root.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
  }

  swap(name, old, part) {
    const html = part.innerHTML;
    if (this.shown.get(name) !== html) old.replaceChildren(...[...part.childNodes].map((node) => document.adoptNode(node)));
    this.shown.set(name, html);
  }

  clock(left) {
    const place = document.querySelector(".elec [data-left]");
    if (place && left) place.textContent = left;
  }

  say(turnout) {
    const words = turnout?.querySelector("[data-said]")?.textContent ?? "";
    if (this.said === undefined) this.said = words;
    if (words === this.said || Date.now() - this.saidAt < SAY_EVERY_MS) return;
    [this.said, this.saidAt] = [words, Date.now()];
    this.root.querySelector("[data-spoken]").textContent = fill(this.words.spoken, { n: words });
  }

  tell(state, seen) {
    const note = this.root.querySelector("[data-line]");
    note.hidden = state === "live";
    const words = { polling: this.words.polling, old: fill(this.words.old, { n: seen.toLocaleTimeString("en-GB") }) };
    note.textContent = words[state] ?? "";
  }
}
