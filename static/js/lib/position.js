/* Where this device is: the best of what it says within some seconds. Rejects with {code}: refused | missing | insecure. */
export const LISTEN_SECONDS = 8;
export const GOOD_M = 25;
const DENIED = 1;
const TICK_MS = 500;

/** `told({seconds, accuracy})`: so long it has listened, and the metres within which the best is right, 0 before one came. */
export function askPosition(told = () => {}) {
  if (!window.isSecureContext) return Promise.reject({ code: "insecure" });
  if (!navigator.geolocation) return Promise.reject({ code: "missing" });
  const most = LISTEN_SECONDS * 1000;
  return new Promise((done, fail) => {
    const began = performance.now();
    const tell = () => told({ seconds: (performance.now() - began) / 1000, accuracy: best?.accuracy ?? 0 });
    let best = null;
    let watch = 0;
    const end = (code) => {
      clearTimeout(timer);
      clearInterval(ticks);
      navigator.geolocation.clearWatch(watch);
      return best ? done(best) : fail({ code });
    };
    const timer = setTimeout(() => end("missing"), most);
    const ticks = setInterval(tell, TICK_MS);
    watch = navigator.geolocation.watchPosition(
      ({ coords }) => {
        if (!best || coords.accuracy < best.accuracy) best = { latitude: coords.latitude, longitude: coords.longitude, accuracy: coords.accuracy };
        tell();
        if (best.accuracy <= GOOD_M) end();
      },
      (error) => end(error.code === DENIED ? "refused" : "missing"),
      { enableHighAccuracy: true, maximumAge: 0, timeout: most },
    );
  });
}

/** Whether the browser gives the position without asking the person first. */
export async function isAllowed() {
  try {
    return (await navigator.permissions.query({ name: "geolocation" })).state === "granted";
  } catch {
    return false;
  }
}
