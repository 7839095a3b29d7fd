/* Why a layer of a check-in is left out, for whoever looks at it: what the browser said, or that nobody tried. */
const LATER = "later";
const REFUSED = "refused";
const UNAVAILABLE = "unavailable";

/** Writes the reason into the forms below `root`; `code` is the trouble of a try, "" before one and after one that worked. */
export function sayWhy(root, code = "") {
  const why = code === "" ? LATER : code === REFUSED ? REFUSED : UNAVAILABLE;
  for (const field of root.querySelectorAll("input[name=why]")) field.value = why;
}
