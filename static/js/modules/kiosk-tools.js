/* The switches of every booth page, also above its dialogs; they go back to the defaults when a voter is done. */
import * as display from "../lib/display.js";
import { go } from "../lib/line.js";
import { focusHeading } from "../lib/page.js";

const IDLE_MS = 90000;
/* A form or a link that ends a voter; every page without one of these modules is a last page too. */
const ENDS = "form[data-ends-voter], #close-booth form";
const END_LINKS = "a[data-ends-voter], [data-voter-done] .k-bar a, [data-voter-done] .k-acts a";
const STAYS = "main[data-module~=keypad], main[data-module~=liveness]";

export default class KioskTools {
  constructor(root) {
    this.root = root;
    this.bar = root.querySelector(".k-tools");
    this.tools = [...root.querySelectorAll("[data-tool]")];
    for (const tool of this.tools) tool.addEventListener("click", () => this.turn(tool));
    this.follow();
    this.watchEnds();
    this.carryBar();
    root.addEventListener("kiosk:step", (event) => this.step(event.detail));
    this.draw();
    if (document.activeElement === document.body) focusHeading(root);
  }

  turn(tool) {
    const key = tool.dataset.tool;
    display.set(key, display.get(key) === "on" ? "off" : "on");
  }

  draw() {
    for (const tool of this.tools) {
      const on = display.get(tool.dataset.tool) === "on";
      tool.setAttribute("aria-pressed", String(on));
      if (tool.dataset.tool === "sound") tool.querySelector("[data-word]").textContent = on ? tool.dataset.on : tool.dataset.off;
    }
  }

  /** Whoever turns a switch (a touch, a key, the end of a voter), the buttons show it. */
  follow() {
    const life = new AbortController();
    window.addEventListener("display:changed", () => this.draw(), { signal: life.signal });
    this.root.addEventListener("page:leave", () => life.abort());
  }

  watchEnds() {
    const { root } = this;
    display.ends(!root.querySelector(STAYS));
    display.present();
    for (const name of ["pointerdown", "keydown"]) root.addEventListener(name, () => display.present());
    for (const form of root.querySelectorAll(ENDS)) form.addEventListener("submit", display.reset);
    for (const link of root.querySelectorAll(END_LINKS)) link.addEventListener("click", display.reset);
    if (root.querySelector("#id-form")) this.watchIdle(IDLE_MS, () => this.clear());
    const done = root.querySelector("[data-idle-seconds]");
    if (done) this.watchIdle(Number(done.dataset.idleSeconds) * 1000, () => this.home(done.dataset.home));
  }

  /** A modal dialog shuts off what lies behind it, so the switches come along. */
  carryBar() {
    const place = this.bar.parentNode;
    for (const dialog of this.root.querySelectorAll("dialog")) {
      new MutationObserver(() => {
        const open = this.root.querySelector("dialog[open]");
        if (open) open.prepend(this.bar);
        else place.append(this.bar);
      }).observe(dialog, { attributeFilter: ["open"] });
    }
  }

  /** The ballot's review is on the same page; the counterfoil follows it. */
  step(here) {
    for (const item of this.root.querySelectorAll("[data-step]")) {
      const n = Number(item.dataset.step);
      item.className = n < here ? "done" : n === here ? "here" : "";
      if (n === here) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
      item.querySelector("[data-tick]").toggleAttribute("hidden", n >= here);
      item.querySelector("[data-number]").hidden = n < here;
      item.querySelector("[data-done]").hidden = n >= here;
    }
  }

  /** A voter who walked away leaves neither half an ID, nor a message, nor the switches behind. */
  watchIdle(after, action) {
    let timer = setTimeout(action, after);
    for (const name of ["pointerdown", "keydown"]) {
      this.root.addEventListener(name, () => {
        clearTimeout(timer);
        timer = setTimeout(action, after);
      });
    }
    this.root.addEventListener("page:leave", () => clearTimeout(timer));
  }

  clear() {
    display.reset();
    this.root.querySelector("[data-clear]").click();
  }

  home(address) {
    if (!this.root.isConnected) return;
    display.reset();
    go(address);
  }
}
