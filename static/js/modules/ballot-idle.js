/* A ballot that nobody touches: asked after 100 s, closed by the server after 120 s. Times come from the template. */
const SIGNS = ["pointerdown", "keydown", "wheel", "touchmove", "input", "click", "scroll"];

export class BallotIdle {
  /** `clock` is the ballot's own, `abandon` closes the ballot. */
  constructor(root, words, { clock, abandon }) {
    this.root = root;
    this.words = words;
    this.clock = clock;
    this.abandon = abandon;
    this.after = Number(root.dataset.abandonAfter);
    this.warn = Number(root.dataset.abandonAsk);
    this.kiosk = root.closest("[data-page]");
    this.dialog = this.kiosk.querySelector("#still-there");
    for (const name of SIGNS) this.kiosk.addEventListener(name, () => this.here(), { capture: true, passive: true });
    this.here();
    this.timer = setInterval(() => this.tick(), 250);
  }

  here() {
    this.seen = performance.now();
  }

  /** Who waits for an answer or for the officer is not gone. */
  get waits() {
    return this.root.querySelector('[data-cast][aria-busy="true"]') !== null || this.kiosk.querySelector("#officer[open]") !== null;
  }

  tick() {
    if (!this.root.isConnected) return this.stop();
    if (this.waits) this.here();
    const left = this.after - (performance.now() - this.seen) / 1000;
    if (left > this.warn) return this.dialog.open ? this.dialog.close() : undefined;
    if (!this.dialog.open && !this.clock.endsSoon(this.warn)) this.ask();
    if (left > 0 || !this.dialog.open) return undefined;
    this.stop();
    return this.abandon();
  }

  /** The only question on the screen: a ballot that ends before this one would is asked about by its own clock. */
  ask() {
    this.kiosk.querySelector("dialog[open]")?.close();
    this.dialog.showModal();
    this.root.querySelector("[data-speak]").textContent = this.words.there;
  }

  stop() {
    clearInterval(this.timer);
    this.dialog.close();
  }
}
