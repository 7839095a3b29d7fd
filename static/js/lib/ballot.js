/* What every ballot page shares: the key of a cast, its length, and the rule of marks. */

import { NOTA } from "./ranks.js";

/** Every ballot is sent in as many bytes: a long list of names, ticked from top to bottom, needs less. */
export const CAST_BYTES = 4096;

/** Shows the marked names for the check; with `places`, the words of a ranked ballot's places, in their order. */
export function layPapers(root, chosen, places) {
  const papers = [...root.querySelectorAll("[data-paper]")];
  for (const paper of papers) paper.hidden = !chosen.includes(paper.dataset.paper);
  if (!places.length) return;
  papers.sort((one, other) => chosen.indexOf(one.dataset.paper) - chosen.indexOf(other.dataset.paper));
  papers[0].parentNode.append(...papers);
  for (const paper of papers.filter((one) => !one.hidden && one.dataset.paper !== NOTA)) {
    paper.querySelector("[data-kick]").textContent = places[chosen.indexOf(paper.dataset.paper)];
  }
}

/** 192 random bits, base64url: the receipt comes out of it, so it is made here and the server never picks it. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** NOTA excludes the names and a name excludes NOTA; one mark too many is taken back, and the answer is false. */
export function markOne(boxes, box, most, nota) {
  if (!box?.checked || most === 1) return true;
  for (const other of boxes) if (other !== box && (box.value === nota) !== (other.value === nota)) other.checked = false;
  if (boxes.filter((one) => one.checked).length <= most) return true;
  box.checked = false;
  return false;
}
