/* Words come from the template (data-words), where they are translated; modules only fill in numbers. */
export function readWords(element) {
  return JSON.parse(element.dataset.words ?? "{}");
}

/** fill("%n of %m", {n: 2, m: 3}) gives "2 of 3". */
export function fill(text, values) {
  return Object.entries(values).reduce((out, [key, value]) => out.replaceAll(`%${key}`, String(value)), text ?? "");
}

/** 161 gives "2:41". */
export function clock(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

/** Shows the elements of `selector` whose data attribute holds `value` among its words, hides the others. */
export function showOnly(root, attribute, value) {
  for (const element of root.querySelectorAll(`[data-${attribute}]`)) {
    element.hidden = !element.getAttribute(`data-${attribute}`).split(" ").includes(value);
  }
}
