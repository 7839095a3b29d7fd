/* <dialog data-module="dialog">: [data-close] and Escape close it; the browser gives the focus back. */
export default class Dialog {
  constructor(dialog) {
    this.dialog = dialog;
    for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close());
    for (const field of dialog.querySelectorAll("[data-missing]")) this.ownWords(field);
    dialog.querySelector("form")?.addEventListener("submit", (event) => this.lock(event));
  }

  /** The browser's own words for an empty field are not ours. */
  ownWords(field) {
    field.addEventListener("invalid", () => field.setCustomValidity(field.validity.valueMissing ? field.dataset.missing : ""));
    field.addEventListener("input", () => field.setCustomValidity(""));
  }

  /** A second touch must not send the form twice. */
  lock(event) {
    if (this.sent) event.preventDefault();
    this.sent = true;
    event.submitter?.setAttribute("aria-busy", "true");
  }
}
