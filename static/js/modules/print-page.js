/* <button data-module="print-page" hidden>: prints the page; without scripts the button is not shown. */
export default class PrintPage {
  constructor(button) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}
