/* data-module="countdown" data-until="ISO time": writes the time left as h, min, s; no announcement. */
export default class Countdown {
  constructor(element) {
    this.element = element;
    this.until = Date.parse(element.dataset.until);
    if (Number.isNaN(this.until)) return;
    this.tick();
    this.timer = setInterval(() => this.tick(), 1000);
  }

  tick() {
    if (!this.element.isConnected) return clearInterval(this.timer);
    const left = Math.max(0, Math.round((this.until - Date.now()) / 1000));
    const days = Math.floor(left / 86400);
    const hours = Math.floor((left % 86400) / 3600);
    const minutes = Math.floor((left % 3600) / 60);
    const parts = days ? [[days, "d"], [hours, "h"]] : hours ? [[hours, "h"], [minutes, "min"]] : [[minutes, "min"], [left % 60, "s"]];
    this.element.textContent = parts.map(([n, unit]) => `${n} ${unit}`).join(" ");
    if (left === 0) clearInterval(this.timer);
  }
}
