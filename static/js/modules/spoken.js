/* Reads the booth aloud: each screen, what has the focus, what was marked, and what the page announces by itself. */
import * as display from "../lib/display.js";
import { CONTROLS, contextOf, describe, headingOf, nameOf, seen, shortName, spell } from "../lib/reading.js";
import { introOf, screenText } from "../lib/screen-text.js";
import { LEVEL, RATES, speech } from "../lib/speech.js";
import { fill, readWords } from "../lib/words.js";
import { SpeechBar } from "./speech-bar.js";

const SETTLE_MS = 50; // one act of a voter changes several things; they are told in one order
const BUILT_MS = 2000; // what a page is made of comes with its modules; one that does not come keeps nobody silent
const LIVE = "[role=alert], [role=status], [aria-live]:not([aria-live=off]):not(h1)";
const WATCHED = ["hidden", "open", "aria-busy", "aria-pressed"];

export default class Spoken {
  constructor(root) {
    this.root = root;
    this.page = root.closest("[data-page]");
    this.words = readWords(root);
    this.heard = new WeakMap();
    this.pending = {};
    this.since = performance.now();
    this.bar = new SpeechBar(root, this.page, this.words, { again: () => this.again() });
    this.listen();
    this.tune();
    if (!speech.muted) this.soon();
  }

  listen() {
    const life = new AbortController();
    const on = (target, name, action) => target.addEventListener(name, action, { signal: life.signal, capture: true });
    on(document, "keydown", (event) => this.key(event));
    on(document, "pointerdown", () => this.act());
    on(document, "focusin", (event) => this.soon({ focused: event.target }));
    on(document, "click", () => this.soon({ clicked: true }));
    on(document, "change", (event) => this.soon({ marked: event.target }));
    on(document, "input", () => this.soon());
    on(window, "display:changed", (event) => this.changed(event.detail));
    const observer = new MutationObserver((records) => this.mutated(records));
    observer.observe(this.page, { subtree: true, childList: true, characterData: true, attributeFilter: WATCHED, attributeOldValue: true });
    this.page.addEventListener("page:leave", () => {
      life.abort();
      observer.disconnect();
      clearTimeout(this.timer);
      speech.stop();
    });
  }

  /** The keys are the same on every screen, so that nobody has to see a button to find the voice. */
  key(event) {
    this.act();
    const { read, again } = this.bar.keys;
    if (![read, again].includes(event.key) || event.repeat) return;
    event.preventDefault();
    if (event.key === read) display.set("speech", display.get("speech") === "on" ? "off" : "on");
    else this.again();
  }

  /** What a voter does interrupts; what the page does by itself waits until the screen was read. */
  act() {
    this.acted = true;
    speech.forget();
  }

  tune() {
    speech.muted = display.get("speech") !== "on" || display.get("sound") !== "on";
    speech.rate = RATES[display.get("rate")] ?? RATES.normal;
    this.bar.draw();
  }

  changed({ key, value }) {
    if (key === "speech" && value === "on") display.set("sound", "on");
    if (key === "speech" && value === "off") this.farewell();
    if (key === "sound" && value === "off") speech.stop();
    this.tune();
    if (key === "speech" && value === "on") this.again(introOf(this.words, this.bar.keys));
  }

  farewell() {
    speech.stop();
    speech.say(this.words.off_now, LEVEL.alert);
  }

  /** The whole screen once more. */
  again(intro = "") {
    speech.forget();
    this.bar.keepReceipt();
    this.screen(contextOf(this.page), intro);
  }

  mutated(records) {
    for (const { target, attributeName, oldValue } of records) {
      if (attributeName === "aria-pressed" && target === document.activeElement && oldValue !== target.getAttribute(attributeName)) this.pending.pressed = target;
      if (attributeName === "aria-busy" && target.querySelector(".spin")) this.pending.busy = target;
    }
    this.soon();
  }

  soon(change = {}) {
    Object.assign(this.pending, change);
    if (speech.muted) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), SETTLE_MS);
  }

  flush() {
    if (!this.page.isConnected || speech.muted) return;
    if (this.isBeingBuilt()) return void this.soon();
    const context = contextOf(this.page);
    const heading = this.headline(context);
    if (heading && (this.heard.get(context) !== heading || (context !== this.context && context !== this.page))) this.screen(context);
    else this.changes(context);
    this.context = context;
    this.pending = {};
  }

  /** Tell whether a module is still to come: it may show another button, or another step. */
  isBeingBuilt() {
    if (performance.now() - this.since > BUILT_MS) return false;
    const lacks = ({ dataset: { module, bound = "" } }) => module.split(" ").some((name) => !bound.split(" ").includes(name));
    return [...this.page.querySelectorAll("[data-module]")].some(lacks);
  }

  headline(context) {
    const heading = headingOf(context);
    return heading ? nameOf(heading, " ") : "";
  }

  /** A new screen cuts off what was said of the old one; what the screen shows already is not announced once more. */
  screen(context, intro = "") {
    speech.stop();
    const heading = headingOf(context);
    const urgent = heading?.getAttribute("aria-live") === "assertive";
    const at = document.activeElement;
    const control = at?.matches(CONTROLS) && context.contains(at) && seen(at) && !this.root.contains(at) ? describe(at, this.words) : "";
    const text = [intro, screenText(context, this.words), control].filter(Boolean).join(" ");
    this.heard.set(context, this.headline(context));
    this.context = context;
    this.acted = false;
    for (const region of this.page.querySelectorAll(LIVE)) this.heard.set(region, this.live(region));
    this.values(context, () => {});
    speech.say(text, urgent ? LEVEL.alert : LEVEL.screen);
  }

  /** Alerts first, then what the voter did, then what can wait. */
  changes(context) {
    const news = { alert: [], focus: [], status: [] };
    for (const region of this.page.querySelectorAll(LIVE)) this.region(region, news);
    const acts = this.acts(context);
    speech.say(news.alert.join(" "), LEVEL.alert);
    speech.say([...news.focus, ...acts].join(" "), this.acted ? LEVEL.focus : LEVEL.screen);
    for (const text of news.status) speech.say(text, LEVEL.status);
  }

  live(region) {
    return seen(region) ? nameOf(region, ". ") : "";
  }

  region(region, news) {
    const text = this.live(region);
    if (this.heard.get(region) === text) return;
    this.heard.set(region, text);
    const level = region.dataset.level ?? (region.getAttribute("role") === "alert" || region.getAttribute("aria-live") === "assertive" ? "alert" : "status");
    if (text) news[level].push(/[.!?]$/.test(text) ? text : `${text}.`);
  }

  acts(context) {
    const { marked, pressed, busy, focused, clicked } = this.pending;
    const told = [];
    this.values(context, (text) => told.push(text));
    if (marked) told.push(this.mark(marked));
    if (pressed) told.push(this.press(pressed));
    if (busy) told.push(`${nameOf(busy)}.`);
    // What a press does is told, not the button that took the focus by it.
    if (!told.length && !clicked && focused?.isConnected && focused.matches(CONTROLS) && context.contains(focused) && seen(focused)) told.push(describe(focused, this.words));
    return told.filter(Boolean);
  }

  mark(field) {
    if (field.matches("select")) return describe(field, this.words);
    if (!["radio", "checkbox"].includes(field.type)) return "";
    return fill(field.checked ? this.words.name_chosen : this.words.name_not_chosen, { name: shortName(field) });
  }

  press(button) {
    const name = nameOf(button);
    if ("on" in button.dataset) return `${name}.`;
    return `${name} ${button.getAttribute("aria-pressed") === "true" ? this.words.on : this.words.off}.`;
  }

  /** Characters are echoed as they come, also those of the drawn keys; never those of a password. */
  values(context, tell) {
    for (const field of context.querySelectorAll("input:not([type=hidden], [type=radio], [type=checkbox], [type=password])")) {
      const before = this.heard.get(field) ?? "";
      if (field.value === before) continue;
      this.heard.set(field, field.value);
      if (field.value.startsWith(before)) tell(`${spell(field.value.slice(before.length))}.`);
      else tell(field.value ? this.words.deleted : this.words.cleared);
    }
  }
}
