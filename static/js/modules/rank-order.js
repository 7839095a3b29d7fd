/* "Your order": the names that have a place, one a line, with buttons that move a name up, down and away. */
import { fill } from "../lib/words.js";

const ICONS = { up: "up", down: "down", remove: "cross" };
const SVG = "http://www.w3.org/2000/svg";

function icon(name) {
  const [drawing, use] = ["svg", "use"].map((tag) => document.createElementNS(SVG, tag));
  drawing.setAttribute("class", "i");
  drawing.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  drawing.append(use);
  return drawing;
}

/** Words for who cannot see what stands around them. */
function hidden(words) {
  const element = document.createElement("span");
  element.className = "sr";
  element.textContent = words;
  return element;
}

export class RankOrder {
  constructor(root, words, { move, remove }) {
    this.root = root;
    this.words = words;
    this.acts = { up: (id) => move(id, -1), down: (id) => move(id, 1), remove };
    this.list = root.querySelector("[data-entries]");
    this.list.addEventListener("click", (event) => this.press(event.target.closest("[data-act]")));
    root.hidden = false;
  }

  say(words) {
    this.root.querySelector("[data-said]").textContent = words;
  }

  /** What is pressed keeps the focus; at an end of the list its neighbour takes it, or the name below. */
  press(button) {
    if (!button) return;
    const line = button.closest("[data-entry]");
    const { act } = button.dataset;
    const [id, at] = [line.dataset.entry, [...this.list.children].indexOf(line)];
    this.acts[act](id);
    const now = this.list.querySelector(`[data-entry="${id}"]`) ?? this.list.children[Math.min(at, this.list.children.length - 1)];
    const wanted = now?.querySelector(`[data-act="${act}"]:not([disabled])`) ?? now?.querySelector("[data-act]:not([disabled])");
    (wanted ?? this.heading).focus();
  }

  get heading() {
    const heading = this.root.querySelector("h2");
    heading.tabIndex = -1;
    return heading;
  }

  draw(entries) {
    this.root.querySelector("[data-empty]").hidden = entries.length > 0;
    this.list.hidden = !entries.length;
    this.list.replaceChildren(...entries.map((entry, at) => this.line(entry, at, entries.length)));
  }

  line({ id, name }, at, all) {
    const line = document.createElement("li");
    line.dataset.entry = id;
    const head = document.createElement("b");
    const place = hidden(`${this.words.places[at]}: `);
    head.append(place, name);
    const acts = document.createElement("span");
    acts.className = "rank-acts";
    acts.append(this.button("up", name, at - 1, at === 0), this.button("down", name, at + 1, at === all - 1), this.button("remove", name, at, false));
    line.append(head, acts);
    return line;
  }

  button(act, name, place, off) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "rank-act", disabled: off });
    button.dataset.act = act;
    const more = hidden(`: ${fill(this.words[`${act}_more`], { name, place: this.words.places[place] })}`);
    button.append(icon(ICONS[act]), this.words[act], more);
    return button;
  }
}
