/* Voting with two switches: one steps to the next target, one selects it. Rows first where there are many. */
import * as display from "../lib/display.js";
import { contextOf } from "../lib/reading.js";
import { plan } from "../lib/scan-plan.js";
import { readWords } from "../lib/words.js";
import { ScanFrame } from "./scan-frame.js";

const SETTLE_MS = 80; // the page answers a press first
const CALM_MS = 250; // a hand that trembles presses once

export default class SwitchScan {
  constructor(root) {
    this.root = root;
    this.page = root.closest("[data-page]");
    this.words = readWords(root);
    [, , this.stepKey, this.selectKey] = root.dataset.keys.split(" ");
    this.frame = new ScanFrame();
    this.stops = [];
    this.stop = 0;
    this.item = null;
    this.listen();
    if (this.on) this.soon();
  }

  get on() {
    return display.get("scan") === "on";
  }

  listen() {
    const life = new AbortController();
    document.addEventListener("keydown", (event) => this.key(event), { capture: true, signal: life.signal });
    window.addEventListener("display:changed", (event) => event.detail.key === "scan" && this.soon(), { signal: life.signal });
    const observer = new MutationObserver(() => this.on && this.soon());
    observer.observe(this.page, { subtree: true, childList: true, attributeFilter: ["hidden", "open", "disabled"] });
    this.page.addEventListener("page:leave", () => {
      life.abort();
      observer.disconnect();
      clearTimeout(this.timer);
      this.frame.hide();
    });
  }

  key(event) {
    const key = event.key === " " ? "Space" : event.key;
    if (![this.stepKey, this.selectKey].includes(key) || this.typing(event, key)) return;
    event.preventDefault();
    if (event.repeat || (key === this.selectKey && event.timeStamp - this.pressed < CALM_MS)) return;
    if (key === this.selectKey) this.pressed = event.timeStamp;
    if (!this.on) this.begin();
    else if (key === this.stepKey) this.step();
    else this.select();
  }

  /** A switch box may send keys that also type; in a field they type. */
  typing(event, key) {
    const types = key.length === 1 || ["Space", "Enter", "Tab"].includes(key);
    return types && event.target.matches?.("input:not([type=radio], [type=checkbox], [name=voter_id]), textarea, select");
  }

  /** The first press of either switch begins; nobody of the staff is needed. */
  begin() {
    display.set("scan", "on");
    this.restart(this.words.scan_on);
  }

  restart(word = "") {
    this.context = contextOf(this.page);
    this.stops = plan(this.context, this.words);
    this.stop = 0;
    this.item = null;
    this.show(word);
  }

  get target() {
    const stop = this.stops[this.stop];
    if (!stop) return null;
    return stop.items.length === 1 ? stop.items[0] : stop.items[this.item] ?? null;
  }

  step() {
    const stop = this.stops[this.stop];
    if (!stop) return this.restart();
    if (this.item === null) return this.next();
    this.item = this.item + 1 < stop.items.length ? this.item + 1 : null;
    return this.show(this.item === null ? this.words.row_again : "");
  }

  next() {
    this.stop = (this.stop + 1) % this.stops.length;
    return this.show(this.stop === 0 ? this.words.from_start : "");
  }

  select() {
    const target = this.target;
    if (!this.stops.length) return this.restart();
    if (!target) {
      this.item = 0;
      return this.show();
    }
    this.done = target;
    this.root.dataset.scan = "working";
    target.focus({ preventScroll: true });
    target.click();
    return this.soon();
  }

  soon() {
    this.root.dataset.scan = "working";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.settle(), SETTLE_MS);
  }

  /** After an act, and after any change of the page: on where the voter expects it. */
  settle() {
    this.root.dataset.scan = this.on ? "ready" : "off";
    const [done, at] = [this.done, this.target ?? this.stops[this.stop]?.items[0]];
    this.done = null;
    if (!this.page.isConnected || !this.on) return this.leave();
    const stops = plan(contextOf(this.page), this.words);
    const found = stops.findIndex((stop) => stop.items.includes(at));
    if (contextOf(this.page) !== this.context || found < 0) return this.restart();
    this.stops = stops;
    if (done && this.after(done)) return undefined;
    this.stop = found;
    this.item = this.item === null ? null : this.stops[found].items.indexOf(at);
    return this.show("", !done);
  }

  after(done) {
    if (done.matches("[data-key]")) return this.goTo(this.full() ? ".k-bar .kb-now" : "[data-key]");
    if (done.matches("[type=radio]")) return this.goTo(".k-bar .kb-now");
    if (done.matches("[data-clear], .kb-now")) return this.goTo("");
    return false;
  }

  full() {
    const pad = this.page.querySelector("[data-module~=keypad]");
    return pad?.querySelector("input[name=voter_id]")?.value.length >= Number(pad?.dataset.length);
  }

  /** To the first stop that holds such a target; to the start where there is none. */
  goTo(selector) {
    this.stop = selector ? Math.max(0, this.stops.findIndex((stop) => stop.items.some((one) => one.matches(selector)))) : 0;
    this.item = null;
    this.show();
    return true;
  }

  /** The frame, the focus, and the words for groups; what has the focus is told by the focus. */
  show(word = "", quiet = false) {
    const stop = this.stops[this.stop];
    if (!stop) return this.frame.hide();
    const target = this.target;
    this.frame.over(this.context, target ? [target] : stop.items);
    if (quiet) return undefined;
    if (target) target.focus({ preventScroll: true });
    const words = [word, target ? "" : stop.name].filter(Boolean).join(" ");
    this.root.querySelector("[data-scan-say]").textContent = words;
    return undefined;
  }

  leave() {
    this.frame.hide();
    this.stops = [];
    this.root.querySelector("[data-scan-say]").textContent = "";
  }
}
