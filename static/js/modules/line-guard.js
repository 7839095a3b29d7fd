/* Every form and every link of a booth's page first makes sure that the server answers, then goes on as it was asked to. */
import { sendForm, whenUp } from "../lib/line.js";

export default class LineGuard {
  constructor(root) {
    this.pending = false;
    window.addEventListener("pageshow", () => {
      this.pending = false;
    });
    root.addEventListener("submit", (event) => this.guard(event, () => sendForm(event.target, event.submitter)));
    root.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href]");
      if (link && this.leads(link)) this.guard(event, () => this.follow(link));
    });
  }

  leads(link) {
    return link.origin === window.location.origin && !link.target && !link.getAttribute("href").startsWith("#");
  }

  /** What a module of the page took over is its own affair; one step at a time. */
  async guard(event, step) {
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (this.pending) return;
    this.pending = true;
    try {
      await step(); // the page is on its way out, and no second touch may send anything
    } catch (error) {
      this.pending = false;
      throw error;
    }
  }

  async follow(link) {
    await whenUp();
    window.location.assign(link.href);
  }
}
