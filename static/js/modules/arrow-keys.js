/* The left and right arrow keys follow the links with rel=prev and rel=next below this element. */
const OWN_USE = "input, textarea, select, dialog[open], [role=region]";

export default class ArrowKeys {
  constructor(root) {
    this.root = root;
    document.addEventListener("keydown", (event) => this.press(event));
  }

  press(event) {
    const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    if (!rel || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest(OWN_USE)) return;
    this.root.querySelector(`a[rel="${rel}"]`)?.click();
  }
}
