/* What every ballot page shares: the key of a cast, its length, and the rule of marks. */

/** Every ballot is sent in as many bytes: a long list of names, ticked from top to bottom, needs less. */
export const CAST_BYTES = 4096;

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
