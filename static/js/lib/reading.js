/* What stands on the screen, in words: names, roles and states as a screen reader gets them from the same markup. */
import { fill } from "./words.js";

export const CONTROLS = "button, a[href], input:not([type=hidden]), select, textarea, summary";
const SILENT = "script, style, noscript, template, audio, video, [hidden], [aria-hidden=true], [data-unsaid], .skip";
const ENDS = /[.!?:;,…]$/;

function shut(element) {
  if (element.matches(SILENT)) return true;
  const style = getComputedStyle(element);
  return style.display === "none" || style.visibility === "hidden";
}

/** Whether somebody can see it, and operate it if it is a control. */
export function seen(element) {
  return element.checkVisibility({ visibilityProperty: true }) && !element.closest("[hidden], [aria-hidden=true], [inert]") && !element.disabled;
}

/** The controls that can be used now, in the order they are read. */
export function targets(context) {
  return [...context.querySelectorAll(CONTROLS)].filter((one) => seen(one) && inContext(one, context));
}

/** What stands in a dialog belongs to that dialog only. */
function inContext(element, context) {
  const dialog = element.closest("dialog");
  return dialog === null || dialog === context || dialog.contains(context);
}

/** The open dialog, or the page. */
export function contextOf(page) {
  return [...page.querySelectorAll("dialog[open]")].at(-1) ?? page;
}

/** The sentence that the screen is about: the title of a dialog, the visible h1 of a page. */
export function headingOf(context) {
  const titled = context.matches("dialog") && document.getElementById(context.getAttribute("aria-labelledby"));
  return titled || [...context.querySelectorAll("h1")].find(seen) || null;
}

/** The pieces of text below a node, one for each block. */
export function pieces(node, skip = "", found = [""]) {
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) found[found.length - 1] += child.data;
    if (child.nodeType !== Node.ELEMENT_NODE || (skip && child.matches(skip))) continue;
    const label = child.getAttribute("role") === "img" && child.getAttribute("aria-label");
    if (shut(child) || (child.matches("svg, img, canvas") && !label)) continue;
    const block = !getComputedStyle(child).display.startsWith("inline") && !child.matches(".sr");
    if (block) found.push("");
    if (label) found[found.length - 1] += ` ${label} `;
    else pieces(child, skip, found);
    if (block) found.push("");
  }
  return found;
}

/** The visible text below an element; blocks are set apart by `between`. */
export function textOf(element, between = ". ", skip = "") {
  const parts = pieces(element, skip).map((part) => part.replaceAll(/\s+/g, " ").trim()).filter(Boolean);
  return speakable(parts.reduce((all, part) => (all ? all + (ENDS.test(all) ? " " : between) + part : part), ""));
}

/** Letters of a masked name and numbers of voters are said one by one. */
export function speakable(text) {
  return text.replaceAll(/\b(\d{4}) (\d{4})\b/g, (_all, one, two) => `${spell(one)}, ${spell(two)}`).replaceAll(/(\p{L})…(?=\p{L})/gu, "$1, ").replaceAll(/(\p{L})…/gu, "$1,").replaceAll(/,([?.])/g, "$1");
}

export function spell(text) {
  return [...text].join(" ");
}

/** A code in its groups: "342U WEKG" gives "3 4 2 U, W E K G". */
export function spellGroups(text) {
  return text.trim().split(/[\s-]+/).map(spell).join(", ");
}

/** The accessible name. */
export function nameOf(element, between = ", ") {
  const label = element.getAttribute("aria-label");
  if (label) return speakable(label);
  const by = (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)).filter(Boolean);
  if (by.length) return by.map((one) => textOf(one, between)).filter(Boolean).join(" ");
  return textOf(element.labels?.[0] ?? element, between);
}

/** The first line of a name: the candidate, without the party. */
export function shortName(element) {
  return textOf({ childNodes: [element.labels?.[0] ?? element] }, "\n").split("\n")[0];
}

function place(element, words) {
  if (!["radio", "checkbox"].includes(element.type)) return "";
  const group = [...(element.closest("[data-choices], [role=radiogroup], fieldset")?.querySelectorAll("input") ?? [])].filter(seen);
  return group.length > 1 ? fill(words.of, { n: group.indexOf(element) + 1, m: group.length }) : "";
}

function fieldState(element, words) {
  if (element.type === "password") return [words.password, fill(words.characters, { n: element.value.length })];
  const digits = element.matches("[inputmode=none], [inputmode=numeric]");
  return [words.field, element.value ? (digits ? spellGroups(element.value) : element.value) : words.empty];
}

function state(element, words) {
  if (["radio", "checkbox"].includes(element.type)) return [element.checked ? words.chosen : words.not_chosen];
  if (element.matches("select")) return [words.list, element.selectedOptions[0]?.textContent.trim()];
  if (element.matches("input, textarea")) return fieldState(element, words);
  if (element.hasAttribute("data-on")) return [words.toggle];
  if (element.hasAttribute("aria-pressed")) return [words.toggle, element.getAttribute("aria-pressed") === "true" ? words.on : words.off];
  return [element.matches("a") ? words.link : words.button];
}

function hints(element) {
  const ids = (element.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean);
  const found = ids.map((id) => document.getElementById(id)).filter((one) => one && !one.closest("[role=alert], [role=status]") && seen(one));
  return found.map((one) => textOf(one));
}

/** "Rosa Demir, Orchard Alliance. 2 of 6. Not chosen." */
export function describe(element, words) {
  const locked = element.getAttribute("aria-disabled") === "true" ? [words.locked] : [];
  const parts = [nameOf(element), place(element, words), ...state(element, words), ...locked, ...hints(element)].filter(Boolean);
  return parts.map((part) => (ENDS.test(part) ? part : `${part}.`)).join(" ");
}
