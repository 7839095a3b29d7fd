/* The stops of the two-switch mode: single targets, and groups where there are many (rows of keys, the switches). */
import { nameOf, targets } from "./reading.js";
import { fill } from "./words.js";

const PARTS = [".k-top, .k-tools, .ink-top", ".spine", ".k-bar"];
const TASK_FIRST = [3, 2, 1, 0]; // body, bar, officer, switches: the task before everything that stands around it

function part(element, context) {
  if (context.matches("dialog")) return element.closest(".k-tools") ? 0 : 3;
  const at = PARTS.findIndex((selector) => element.closest(selector));
  return at < 0 ? 3 : at;
}

/** Keys of one row have one top edge. */
function rows(keys, words) {
  const found = new Map();
  for (const key of keys) {
    const top = Math.round(key.getBoundingClientRect().top);
    found.set(top, [...(found.get(top) ?? []), key]);
  }
  return [...found.values()].map((items, at) => ({ items, name: fill(words.row, { n: at + 1, list: items.map((key) => nameOf(key)).join(", ") }) }));
}

/** Nobody can type into a field with two switches; where there are drawn keys they stand for it. */
function typedByKeys(element, context) {
  return element.matches("input") && Boolean(element.closest("[data-module~=keypad]")?.querySelector("[data-pad]:not([hidden])")) && !context.matches("dialog");
}

function stops(elements, words) {
  const pads = new Set();
  return elements.flatMap((element) => {
    const group = element.closest("[data-pad], .k-tools");
    if (!group) return [{ items: [element] }];
    if (pads.has(group)) return [];
    pads.add(group);
    const inside = elements.filter((one) => group.contains(one));
    return group.matches(".k-tools") ? [{ items: inside, name: group.getAttribute("aria-label") }] : rows(inside, words);
  });
}

/** All stops of a context, in the order in which they are stepped through. */
export function plan(context, words) {
  const all = targets(context).filter((one) => !typedByKeys(one, context));
  return TASK_FIRST.flatMap((n) => stops(all.filter((one) => part(one, context) === n), words));
}
