/* The summary on top of a form takes the focus, so that it is read first. */
export default class ErrorSummary {
  constructor(summary) {
    summary.focus();
    summary.addEventListener("click", (event) => {
      const target = event.target.closest("a")?.hash;
      const field = target && document.getElementById(target.slice(1));
      if (!field) return;
      event.preventDefault();
      field.focus();
    });
  }
}
