/* A file field with a look at the picture, and a check of size and kind before anything is sent. The server decides. */
export default class ImagePreview {
  constructor(root) {
    this.root = root;
    this.input = root.querySelector("input[type=file]");
    this.preview = root.querySelector("[data-preview]");
    this.error = root.querySelector("[data-error]");
    this.input.addEventListener("change", () => this.check());
  }

  async check() {
    const files = [...this.input.files];
    const kinds = this.root.dataset.accept.split(",");
    const most = Number(this.root.dataset.maxMb) * 1024 * 1024;
    if (files.some((file) => !kinds.includes(file.type))) return this.refuse(this.root.dataset.wrongType);
    if (files.some((file) => file.size > most)) return this.refuse(this.root.dataset.tooBig);
    this.say("");
    await this.show(files);
  }

  async show(files) {
    try {
      const pictures = await Promise.all(files.map((file) => createImageBitmap(file, { resizeWidth: 240 })));
      this.preview.replaceChildren(...pictures.map((picture) => this.canvas(picture)));
    } catch {
      this.refuse(this.root.dataset.wrongType);
    }
  }

  canvas(picture) {
    const canvas = document.createElement("canvas");
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext("2d").drawImage(picture, 0, 0);
    return canvas;
  }

  refuse(words) {
    this.input.value = "";
    this.preview.replaceChildren();
    this.say(words);
  }

  say(words) {
    this.error.hidden = !words;
    this.error.querySelector("span").textContent = words;
    this.input.setAttribute("aria-invalid", words ? "true" : "false");
  }
}
