/* Where this device is: the best of what it says within some seconds. Rejects with {code}: refused | missing | insecure. */
const LISTEN_MS = 8000;
const GOOD_M = 25;
const DENIED = 1;

export function askPosition() {
  if (!window.isSecureContext) return Promise.reject({ code: "insecure" });
  if (!navigator.geolocation) return Promise.reject({ code: "missing" });
  return new Promise((done, fail) => {
    let best = null;
    let timer = 0;
    let watch = 0;
    const end = (code) => {
      clearTimeout(timer);
      navigator.geolocation.clearWatch(watch);
      return best ? done(best) : fail({ code });
    };
    timer = setTimeout(() => end("missing"), LISTEN_MS);
    watch = navigator.geolocation.watchPosition(
      ({ coords }) => {
        if (!best || coords.accuracy < best.accuracy) best = { latitude: coords.latitude, longitude: coords.longitude, accuracy: coords.accuracy };
        if (best.accuracy <= GOOD_M) end();
      },
      (error) => end(error.code === DENIED ? "refused" : "missing"),
      { enableHighAccuracy: true, maximumAge: 0, timeout: LISTEN_MS },
    );
  });
}
