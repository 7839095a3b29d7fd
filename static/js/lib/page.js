/* Puts a page that came as an answer in the place of the one on the screen, without a second request. */

/** Replaces [data-page], the title and the token; the address becomes `address`, so that "back" shows no old form. */
export function swapPage(html, address) {
  const next = new DOMParser().parseFromString(html, "text/html");
  const fresh = next.querySelector("[data-page]");
  const current = document.querySelector("[data-page]");
  if (!fresh || !current) return false;
  document.title = next.title;
  const token = next.querySelector('meta[name="csrf-token"]')?.content;
  if (token) document.querySelector('meta[name="csrf-token"]').content = token;
  current.dispatchEvent(new CustomEvent("page:leave", { bubbles: false }));
  current.replaceWith(document.adoptNode(fresh));
  history.replaceState(null, "", address);
  document.dispatchEvent(new CustomEvent("page:swapped"));
  focusHeading(fresh);
  return true;
}

/** After each step the focus goes to the heading that is seen. */
export function focusHeading(root) {
  const heading = [...root.querySelectorAll("h1")].find((one) => one.closest("[hidden]") === null);
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
}
