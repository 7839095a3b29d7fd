/* The key pair of this browser: P-256, made once, kept in IndexedDB, its private half never readable by any script. */
const NAME = "smart-voting-device";
const STORE = "keys";
const KIND = { name: "ECDSA", namedCurve: "P-256" };

const asked = (request) => new Promise((done, fail) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});

async function open() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return asked(request);
}

async function pair() {
  const database = await open();
  const known = await asked(database.transaction(STORE).objectStore(STORE).get("own"));
  if (known) return known;
  const made = await crypto.subtle.generateKey(KIND, false, ["sign", "verify"]);
  await asked(database.transaction(STORE, "readwrite").objectStore(STORE).put(made, "own"));
  return made;
}

const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));

/** Resolves to the public half in base64 (SPKI). */
export const publicKey = async () => text(await crypto.subtle.exportKey("spki", (await pair()).publicKey));

/** Signs domain, check-in and nonce; resolves to {public_key, signature} in base64. */
export async function sign(attempt, nonce) {
  const own = await pair();
  const id = attempt.replaceAll("-", "").match(/../g).map((byte) => parseInt(byte, 16));
  const drawn = Array.from(atob(nonce), (letter) => letter.charCodeAt(0));
  const content = new Uint8Array([...new TextEncoder().encode("smart-voting/check-in/"), ...id, ...drawn]);
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, own.privateKey, content);
  return { public_key: await publicKey(), signature: text(signature) };
}
