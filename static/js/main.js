/* Binds one class to every element with data-module, and an opener to every element with data-opens. */
const MODULES = {
  "api-docs": () => import("./modules/api-docs.js"),
  "arrow-keys": () => import("./modules/arrow-keys.js"),
  "ask-device": () => import("./modules/ask-device.js"),
  ballot: () => import("./modules/ballot.js"),
  "big-code": () => import("./modules/big-code.js"),
  "booth-camera": () => import("./modules/booth-camera.js"),
  "check-in": () => import("./modules/check-in.js"),
  "counted-vote": () => import("./modules/counted-vote.js"),
  countdown: () => import("./modules/countdown.js"),
  dialog: () => import("./modules/dialog.js"),
  doors: () => import("./modules/doors.js"),
  "enrol-camera": () => import("./modules/enrol-camera.js"),
  "error-summary": () => import("./modules/error-summary.js"),
  "file-check": () => import("./modules/file-check.js"),
  heartbeat: () => import("./modules/heartbeat.js"),
  "image-preview": () => import("./modules/image-preview.js"),
  keypad: () => import("./modules/keypad.js"),
  "kiosk-tools": () => import("./modules/kiosk-tools.js"),
  "live-booths": () => import("./modules/live-booths.js"),
  "live-desk": () => import("./modules/live-desk.js"),
  "live-results": () => import("./modules/live-results.js"),
  "link-ballot": () => import("./modules/link-ballot.js"),
  liveness: () => import("./modules/liveness.js"),
  "line-guard": () => import("./modules/line-guard.js"),
  "mail-progress": () => import("./modules/mail-progress.js"),
  "menu-strip": () => import("./modules/menu-strip.js"),
  "officer-call": () => import("./modules/officer-call.js"),
  opener: () => import("./modules/opener.js"),
  opening: () => import("./modules/opening.js"),
  "photo-field": () => import("./modules/photo-field.js"),
  "print-page": () => import("./modules/print-page.js"),
  ranking: () => import("./modules/ranking.js"),
  "receipt-timer": () => import("./modules/receipt-timer.js"),
  spoken: () => import("./modules/spoken.js"),
  "tick-all": () => import("./modules/tick-all.js"),
  "use-position": () => import("./modules/use-position.js"),
  "work-progress": () => import("./modules/work-progress.js"),
  "switch-scan": () => import("./modules/switch-scan.js"),
};

const MOUNT_MS = 10000;
const bound = new WeakMap();

async function bind(element, name) {
  const load = MODULES[name];
  const names = bound.get(element) ?? new Set();
  if (!load || names.has(name)) return;
  bound.set(element, names.add(name));
  const module = await load();
  new module.default(element);
  element.dataset.bound = `${element.dataset.bound ?? ""} ${name}`.trim();
}

/** Binds all widgets of the page; safe to call again after a part of it was replaced. */
async function mount() {
  const jobs = [];
  for (const element of document.querySelectorAll("[data-module]")) {
    for (const name of element.dataset.module.split(" ")) jobs.push(bind(element, name));
  }
  for (const element of document.querySelectorAll("[data-opens]")) jobs.push(bind(element, "opener"));
  await Promise.allSettled(jobs);
}

/** A module that does not come keeps the presses of the others for so long at most. */
async function begin() {
  await Promise.race([mount(), new Promise((done) => setTimeout(done, MOUNT_MS))]);
  document.dispatchEvent(new CustomEvent("page:ready"));
}

document.addEventListener("page:swapped", begin);
begin();
