/* <button data-opens="id"> opens the native dialog with that id. */
export default class Opener {
  constructor(button) {
    button.addEventListener("click", () => {
      const dialog = document.getElementById(button.dataset.opens);
      if (!dialog) return;
      button.closest("dialog[open]")?.close();
      dialog.showModal();
    });
  }
}
