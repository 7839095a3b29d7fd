/* What is said of a screen: its heading, what stands below it, and how to go on. */
import { headingOf, nameOf, seen, shortName, textOf } from "./reading.js";
import { fill } from "./words.js";

/* Controls speak for themselves when they are reached; a code is spelled on request; a clock speaks at its marks. */
const NOT_READ = "h1, button, a, input, select, textarea, label, .k-tools, .pad, .clock, .cands, .receipt, .stub dl, .facts-list";
const BODIES = ".k-body, .ink-main, .page-plain";

function sentence(text) {
  return text && !/[.!?]$/.test(text) ? `${text}.` : text;
}

function body(context, heading) {
  if (heading?.getAttribute("aria-live") === "assertive") {
    const lead = [...context.querySelectorAll(".k-lead")].find(seen);
    return lead ? textOf(lead) : "";
  }
  if (context.matches("dialog")) return textOf(context, ". ", `h2, ${NOT_READ}`);
  return [...context.querySelectorAll(BODIES)].map((part) => textOf(part, ". ", NOT_READ)).join(" ");
}

function choices(context, words) {
  const boxes = [...context.querySelectorAll("[data-choices] :is(input, [data-pick])")].filter(seen);
  const marked = boxes.filter((box) => box.checked).map((box) => fill(words.name_chosen, { name: shortName(box) }));
  return boxes.length ? [fill(words.choices, { n: boxes.length }), ...marked].join(" ") : "";
}

function ways(context, words) {
  const shown = [...context.querySelectorAll(".kb:not(.kb-sm)")].filter((one) => seen(one) && (context.matches("dialog") || !one.closest("dialog")));
  const now = shown.filter((one) => one.matches(".kb-now")).map((one) => nameOf(one));
  const others = shown.filter((one) => !one.matches(".kb-now")).map((one) => nameOf(one));
  return [now.length ? fill(words.go_on, { list: now.join(", ") }) : "", others.length ? fill(words.others, { list: others.join(", ") }) : ""];
}

/** The whole screen as one text. */
export function screenText(context, words) {
  const heading = headingOf(context);
  const where = context.matches("dialog") ? null : [...context.querySelectorAll(".k-top > span")].find(seen);
  const urgent = heading?.getAttribute("aria-live") === "assertive";
  const parts = [heading ? nameOf(heading, " ") : "", where && !urgent ? textOf(where) : "", body(context, heading)];
  return [...parts, ...(urgent ? [] : [choices(context, words), ...ways(context, words)])].filter(Boolean).map(sentence).join(" ");
}

/** What is said when the voice is turned on. */
export function introOf(words, keys) {
  return fill(words.intro, keys);
}
