/* <button data-opens="id"> opens the native dialog with that id; a submit button keeps its form for browsers without scripts. */
export default class Opener {
  constructor(button) {
    button.addEventListener("click", (event) => {
      const dialog = document.getElementById(button.dataset.opens);
      if (!dialog) return;
      event.preventDefault();
      button.closest("dialog[open]")?.close();
      dialog.showModal();
    });
  }
}
