/* At the door: staff choose the camera of this booth, see its picture, and this browser keeps the choice. */
import { choose, chosen, plugged } from "../lib/booth-camera.js";
import { Camera } from "../lib/camera.js";
import { fill, readWords } from "../lib/words.js";

export default class BoothCamera {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.list = root.querySelector("[data-list]");
    this.camera = new Camera(root.querySelector("[data-video]"), chosen);
    root.hidden = false;
    root.addEventListener("toggle", () => (root.open ? this.show() : this.camera.stop()));
    this.list.addEventListener("change", () => this.pick());
    window.addEventListener("pagehide", () => this.camera.stop());
    this.name();
  }

  name() {
    this.root.querySelector("[data-name]").textContent = chosen()?.label || this.words.any;
  }

  pick() {
    const option = this.list.selectedOptions[0];
    choose(option.value ? { id: option.value, label: option.textContent } : null);
    this.name();
    return this.show();
  }

  /** Opens the chosen camera, which also lets the browser tell the names of all of them. */
  async show() {
    this.camera.stop();
    let said = chosen() ? this.words.shown : this.words.open;
    try {
      await this.camera.start();
    } catch (problem) {
      said = this.words[problem.code] ?? this.words.failed;
    }
    this.root.querySelector("[data-picture]").hidden = !this.camera.stream;
    this.root.querySelector("[data-say]").textContent = said;
    this.fill(await plugged());
  }

  fill(cameras) {
    const kept = chosen();
    const named = cameras.map(({ id, label }, at) => ({ id, label: label || fill(this.words.camera, { n: at + 1 }) }));
    const gone = kept && !named.some(({ id }) => id === kept.id) ? [kept] : [];
    const rows = [{ id: "", label: this.words.any }, ...named, ...gone];
    this.list.replaceChildren(...rows.map(({ id, label }) => new Option(label, id, false, id === (kept?.id ?? ""))));
  }
}
