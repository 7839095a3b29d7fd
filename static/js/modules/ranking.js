/* A ranked ballot: a touch gives a name the next place, or takes it away; "Your order" moves names up and down. */
import { NOTA, readOrder, writeOrder } from "../lib/ranks.js";
import { fill, readWords } from "../lib/words.js";
import { RankOrder } from "./rank-order.js";

export default class Ranking {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.rows = [...root.querySelectorAll("[data-rank]")];
    this.names = new Map(this.rows.map((row) => [row.dataset.rank, row.dataset.name]));
    this.aside = [];
    this.panel = new RankOrder(root.querySelector("[data-order]"), this.words, { move: (id, step) => this.move(id, step), remove: (id) => this.toggle(id) });
    this.begin();
    writeOrder(root, this.order);
    this.draw();
  }

  /** The lists of the plain page give way to one button a row. */
  begin() {
    this.root.dataset.ranking = "on";
    for (const row of this.rows) {
      row.querySelector("[data-plain]").hidden = true;
      for (const part of row.querySelectorAll("[data-number], [data-state], [data-pick]")) part.hidden = false;
      row.querySelector("[data-pick]").addEventListener("click", () => this.toggle(row.dataset.rank));
    }
  }

  get order() {
    return readOrder(this.root);
  }

  get places() {
    return this.words.places;
  }

  /** NOTA puts the order aside; who takes it back, or touches a name, has the order again. */
  toggle(id) {
    const before = this.order;
    if (id === NOTA) return this.nota(before);
    const order = before.includes(NOTA) ? this.aside.filter((one) => one !== id) : before;
    if (order.includes(id)) return this.change(order.filter((one) => one !== id), fill(this.words.away, { name: this.names.get(id) }));
    return this.change([...order, id], this.said("ranked", id, order.length));
  }

  nota(before) {
    if (before.includes(NOTA)) return this.change(this.aside, this.words.nota_away);
    this.aside = before;
    return this.change([NOTA], this.words.nota);
  }

  move(id, step) {
    const order = this.order;
    const at = order.indexOf(id);
    order.splice(at, 1);
    order.splice(at + step, 0, id);
    this.change(order, this.said("moved", id, at + step));
  }

  said(word, id, at) {
    return fill(this.words[word], { name: this.names.get(id), place: this.places[at] });
  }

  change(order, words) {
    writeOrder(this.root, order);
    this.draw();
    this.panel.say(words);
    this.root.dispatchEvent(new CustomEvent("ranking:changed", { bubbles: true }));
  }

  draw() {
    const order = this.order;
    const nota = order.includes(NOTA);
    for (const row of this.rows) this.drawRow(row, order.indexOf(row.dataset.rank), nota ? 0 : order.length);
    this.panel.draw((nota ? [] : order).map((id) => ({ id, name: this.names.get(id) })));
  }

  /** `at` is the row's place from 0, -1 for none; `next` the place that a touch would give. */
  drawRow(row, at, next) {
    const nota = row.dataset.rank === NOTA;
    const state = row.querySelector("[data-state]");
    row.toggleAttribute("data-ranked", at >= 0);
    row.querySelector("[data-number]").textContent = at < 0 || nota ? "" : String(at + 1);
    if (at >= 0) state.textContent = nota ? this.words.nota_yours : fill(this.words.yours, { place: this.places[at] });
    else state.textContent = nota ? "" : fill(this.words.make, { place: this.places[next] });
  }
}
