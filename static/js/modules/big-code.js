/* The big screen: shows the code of now and the vote that runs, counts down, and asks the server when it changes, every 5 s at least. */
import { getJson, NetworkLost } from "../lib/http.js";
import { fill, readWords } from "../lib/words.js";

const EVERY_MS = 5000;
const TICK_MS = 250;
const HALF = 3;

export default class BigCode {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.part = (name) => root.querySelector(`[data-${name}]`);
    this.take(JSON.parse(root.dataset.state));
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  take(state) {
    const now = performance.now();
    this.ends = state.seconds_left === null ? null : now + state.seconds_left * 1000;
    this.next = now + EVERY_MS;
    if (this.ends !== null && state.code) this.next = Math.min(this.next, this.ends + TICK_MS);
    this.part("there").textContent = fill(this.words.there, { n: state.there, m: state.members });
    this.part("bar").hidden = !state.code || this.ends === null;
    this.voteEnds = state.vote?.open ? now + state.vote.seconds_left * 1000 : null;
    this.vote = state.vote;
    this.show(state);
    this.showVote();
    this.tick();
  }

  showVote() {
    const { vote, words } = this;
    this.root.classList.toggle("hall-voting", Boolean(vote));
    this.part("vote").hidden = !vote;
    if (!vote) return;
    const figures = fill(words.needed, { n: vote.present, m: vote.members, q: vote.needed });
    this.write("vote-title", vote.title);
    this.part("quorum").hidden = !vote.open;
    this.part("quorum").dataset.holds = vote.holds;
    this.write("quorum-state", vote.holds ? words.holds : words.broken);
    this.write("quorum-figures", figures);
    this.part("verdict").hidden = !vote.verdict;
    this.write("verdict", vote.verdict ?? "");
    if (!vote.open) this.write("voted", vote.words ?? words.counting);
  }

  write(name, text) {
    if (this.part(name).textContent !== text) this.part(name).textContent = text;
  }

  show({ code, stage, qr }) {
    const seen = code ?? (stage === "closed" ? this.words.closed : this.words.over);
    if (this.seen === seen) return;
    this.seen = seen;
    this.code = code;
    const parts = code ? [code.slice(0, HALF), code.slice(HALF)].map((text) => this.element("span", text)) : [this.element("b", seen)];
    this.part("code").replaceChildren(...parts);
    this.part("qr").hidden = !qr;
    if (qr) this.part("qr").src = qr;
  }

  element(name, text) {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  }

  tick() {
    if (!this.root.isConnected) return clearInterval(this.timer);
    const left = this.ends === null || !this.code ? null : Math.max(0, (this.ends - performance.now()) / 1000);
    this.say(left === null ? "" : fill(this.words.seconds, { n: Math.ceil(left) }));
    if (left !== null) this.part("bar").value = left;
    if (this.voteEnds !== null) {
      const seconds = Math.max(0, Math.round((this.voteEnds - performance.now()) / 1000));
      const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      this.write("voted", fill(this.words.voted, { n: this.vote.voted, t: clock }));
    }
    return performance.now() >= this.next ? this.ask() : undefined;
  }

  say(text) {
    const words = this.lost ? this.words.lost : text;
    if (this.part("left").textContent !== words) this.part("left").textContent = words;
  }

  async ask() {
    if (this.asking) return;
    this.asking = true;
    try {
      const { ok, data } = await getJson(this.root.dataset.url, { timeout: EVERY_MS });
      this.lost = !ok;
      if (ok) this.take(data);
    } catch (error) {
      if (!(error instanceof NetworkLost)) throw error;
      this.lost = true;
    } finally {
      this.asking = false;
      if (this.lost) this.next = performance.now() + EVERY_MS;
    }
  }
}
