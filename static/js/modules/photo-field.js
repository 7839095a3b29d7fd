/* One photo of a face for a form: camera or file, a look at it, and no sending without it. The server judges the face. */
import { Camera } from "../lib/camera.js";
import { readWords } from "../lib/words.js";

const SHRUNK_SIDE = 1600;
const SHRUNK_QUALITY = 0.9;

export default class PhotoField {
  constructor(root) {
    this.root = root;
    this.words = readWords(root);
    this.find = (name) => root.querySelector(`[data-${name}]`);
    this.input = this.find("file");
    this.kinds = this.input.accept.split(",");
    this.most = Number(root.dataset.maxMb) * 1024 * 1024;
    this.camera = new Camera(this.find("video"));
    this.find("camera").hidden = false;
    this.find("start").addEventListener("click", () => this.start());
    this.find("take").addEventListener("click", () => this.take());
    this.input.addEventListener("change", () => this.chosen());
    window.addEventListener("pagehide", () => this.camera.stop());
    root.addEventListener("submit", () => this.find("send").setAttribute("aria-busy", "true"));
    this.gate();
  }

  async start() {
    this.refuse("");
    try {
      await this.camera.start();
    } catch (problem) {
      return this.refuse(this.words[problem.code] ?? this.words.failed);
    }
    this.swap(true);
    return this.find("take").focus();
  }

  async take() {
    const blob = await this.camera.blob();
    if (!blob) return;
    this.camera.stop();
    this.swap(false);
    this.put(new File([blob], "photo.jpg", { type: "image/jpeg" }));
    await this.chosen();
    this.find("start").focus();
  }

  swap(live) {
    this.find("live").hidden = !live;
    this.find("take").hidden = !live;
    this.find("start").hidden = live;
  }

  put(file) {
    const box = new DataTransfer();
    box.items.add(file);
    this.input.files = box.files;
  }

  async chosen() {
    this.refuse("");
    this.find("preview").replaceChildren();
    this.find("say").textContent = "";
    const [file] = this.input.files;
    if (file && !this.kinds.includes(file.type)) this.drop(this.words.wrong_type);
    else if (file) await this.show(file);
    this.gate();
  }

  /** Phones take pictures of many megabytes; one of 1,600 pixels says as much about a face. */
  async show(file) {
    try {
      const picture = await createImageBitmap(file);
      const scale = Math.min(1, SHRUNK_SIDE / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      if (file.size > this.most) await this.shrink(canvas);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", this.words.alt);
      this.find("preview").replaceChildren(canvas);
      this.find("say").textContent = this.words.added;
    } catch {
      this.drop(this.words.wrong_type);
    }
  }

  async shrink(canvas) {
    const blob = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", SHRUNK_QUALITY); });
    if (blob && blob.size <= this.most) this.put(new File([blob], "photo.jpg", { type: "image/jpeg" }));
    else this.drop(this.words.too_big);
  }

  drop(words) {
    this.input.value = "";
    this.refuse(words);
  }

  refuse(words) {
    const error = this.find("error");
    error.hidden = !words;
    error.querySelector("span").textContent = words;
    this.input.setAttribute("aria-invalid", words ? "true" : "false");
  }

  gate() {
    const ready = this.input.files.length > 0;
    const send = this.find("send");
    send.disabled = !ready;
    this.find("missing").hidden = ready;
    if (ready) send.removeAttribute("aria-describedby");
    else send.setAttribute("aria-describedby", this.find("missing").id);
  }
}
