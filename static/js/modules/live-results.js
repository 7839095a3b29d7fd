/* Writes the figures that are pushed into the rows that are there, found by data-row. */
import { LiveLine } from "../lib/live-line.js";
import { fill, readWords } from "../lib/words.js";

const LONGEST_BAR = 66; // percent of the width: services/charts/geometry.py
const whole = (n) => Number(n).toLocaleString("en-GB");
const share = (n) => Number(n).toFixed(1);

export default class LiveResults {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.status = root.dataset.status ?? "";
    if (!root.dataset.url || "final" in root.dataset) return;
    this.line = new LiveLine(root.dataset.url, {
      onData: (data) => this.write(data.result ?? data),
      onState: (state, seen) => this.tell(state, seen),
    });
  }

  tell(state, seen) {
    const note = this.root.querySelector("[data-old]");
    if (!note) return;
    note.hidden = state === "live";
    const words = { polling: this.words.polling, old: fill(this.words.old, { n: seen.toLocaleTimeString("en-GB") }) };
    note.textContent = words[state] ?? "";
  }

  write(result) {
    const turnout = result.turnout ?? {};
    this.live("voted", turnout.voted);
    this.live("on_roll", turnout.on_roll);
    this.live("percent", turnout.percent, share);
    this.live("total", result.total);
    this.group("rows", result.rows ?? [], (row) => row.candidate_id, result.nota);
    this.group("parties", result.parties ?? [], (row) => row.name, result.nota);
    this.turn(String(result.status ?? "").toLowerCase());
  }

  /** Another state of the election is another page. */
  turn(status) {
    if (this.status && status && status !== this.status) window.location.reload();
    this.status = status;
  }

  live(name, value, format = whole) {
    if (value === undefined || value === null) return;
    for (const place of this.root.querySelectorAll(`[data-live="${name}"]`)) place.textContent = format(value);
  }

  group(name, rows, key, nota) {
    const all = rows.map((row) => [String(key(row)), row]);
    if (nota) all.push(["NOTA", nota]);
    const most = Math.max(0, ...all.map(([, row]) => row.count));
    for (const group of this.root.querySelectorAll(`[data-group="${name}"]`)) {
      for (const [id, row] of all) {
        for (const element of group.querySelectorAll(`[data-row="${CSS.escape(id)}"]`)) this.row(element, row, most);
      }
    }
  }

  row(element, { count, share: part }, most) {
    if (count === null || count === undefined) return; // counts that may not be seen yet
    const put = (name, text) => {
      const place = element.querySelector(`[data-${name}]`);
      if (place) place.textContent = text;
    };
    put("count", whole(count));
    put("share", `${share(part)} %`);
    put("words", fill(count === 1 ? this.words.vote : this.words.votes, { n: whole(count), p: share(part) }));
    const width = `${most ? ((count / most) * LONGEST_BAR).toFixed(2) : 0}%`;
    element.querySelector("[data-bar]")?.setAttribute("width", width);
    element.querySelector("[data-value]")?.setAttribute("x", width);
  }
}
