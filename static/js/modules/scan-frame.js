/* The frame around the target of the two-switch mode; it follows the target when the page moves. */
const AROUND_PX = 8;
const FOLLOW_MS = 150;

export class ScanFrame {
  constructor() {
    this.box = document.createElement("div");
    this.box.className = "scan-frame";
    this.box.setAttribute("aria-hidden", "true");
  }

  /** A row of the ballot is more than its round button. */
  static shape(element) {
    return element.closest("[data-choice]") ?? element;
  }

  over(context, elements) {
    this.elements = elements.map(ScanFrame.shape);
    if (this.box.parentNode !== context) context.append(this.box);
    this.elements[0].scrollIntoView({ block: "nearest" });
    clearInterval(this.timer);
    this.timer = setInterval(() => this.place(), FOLLOW_MS);
    this.place();
  }

  place() {
    const shown = this.elements.filter((one) => one.isConnected);
    if (!shown.length || !this.box.isConnected) return this.hide();
    const boxes = shown.map((one) => one.getBoundingClientRect());
    const left = Math.max(0, Math.min(...boxes.map((box) => box.left)) - AROUND_PX);
    const top = Math.max(0, Math.min(...boxes.map((box) => box.top)) - AROUND_PX);
    const right = Math.min(innerWidth, Math.max(...boxes.map((box) => box.right)) + AROUND_PX);
    const bottom = Math.min(innerHeight, Math.max(...boxes.map((box) => box.bottom)) + AROUND_PX);
    Object.assign(this.box.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
    return undefined;
  }

  hide() {
    clearInterval(this.timer);
    this.box.remove();
  }
}
