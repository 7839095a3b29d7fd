/* Runs before the first paint of a kiosk page, so that a voter with high contrast never sees a white flash. */
(function () {
  try {
    const root = document.documentElement;
    if (sessionStorage.getItem("kiosk.contrast") === "on") root.dataset.theme = "contrast";
    if (sessionStorage.getItem("kiosk.text") === "on") root.dataset.text = "large";
  } catch {
    /* Storage may be forbidden; the switches then last for one page. */
  }
})();
