/* The three switches of every booth page; they go back to the defaults when a voter is done. */
import * as display from "../lib/display.js";
import { go } from "../lib/line.js";
import { focusHeading } from "../lib/page.js";

const IDLE_MS = 90000;

export default class KioskTools {
  constructor(root) {
    this.root = root;
    this.tools = [...root.querySelectorAll("[data-tool]")];
    for (const tool of this.tools) tool.addEventListener("click", () => this.turn(tool));
    for (const form of root.querySelectorAll("form[data-ends-voter]")) form.addEventListener("submit", display.reset);
    for (const link of root.querySelectorAll("a[data-ends-voter], [data-voter-done] .k-bar a, [data-voter-done] .k-acts a")) link.addEventListener("click", display.reset);
    if (root.querySelector("#id-form")) this.watchIdle(IDLE_MS, () => this.clear());
    const done = root.querySelector("[data-idle-seconds]");
    if (done) this.watchIdle(Number(done.dataset.idleSeconds) * 1000, () => this.home(done.dataset.home));
    root.addEventListener("kiosk:step", (event) => this.step(event.detail));
    this.draw();
    if (document.activeElement === document.body) focusHeading(root);
  }

  turn(tool) {
    const key = tool.dataset.tool;
    display.set(key, display.get(key) === "on" ? "off" : "on");
    this.draw();
  }

  draw() {
    for (const tool of this.tools) {
      const on = display.get(tool.dataset.tool) === "on";
      tool.setAttribute("aria-pressed", String(on));
      if (tool.dataset.tool === "sound") tool.querySelector("[data-word]").textContent = on ? tool.dataset.on : tool.dataset.off;
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
  }

  clear() {
    display.reset();
    this.draw();
    this.root.querySelector("[data-clear]").click();
  }

  home(address) {
    display.reset();
    if (this.root.isConnected) go(address);
  }
}
