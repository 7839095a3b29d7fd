/* Runs before the first paint of a kiosk page: a voter with high contrast never sees a white flash,
   and the next voter never sees, or hears, the switches of the last one. */
(function () {
  const AWAY_MS = 120000;
  try {
    const root = document.documentElement;
    const get = (key) => sessionStorage.getItem(`kiosk.${key}`);
    const away = get("at") && Date.now() - Number(get("at")) > AWAY_MS;
    if ("first" in root.dataset && (get("over") === "yes" || away)) {
      for (const key of ["text", "contrast", "sound", "speech", "rate", "scan", "over", "at"]) sessionStorage.removeItem(`kiosk.${key}`);
    }
    if (get("contrast") === "on") root.dataset.theme = "contrast";
    if (get("text") === "on") root.dataset.text = "large";
  } catch {
    /* Storage may be forbidden; the switches then last for one page. */
  }
})();
