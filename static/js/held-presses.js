/* A press on a button whose script is still on its way is kept, and acts once the page is ready; main.js says when. */
(function () {
  const held = [];
  let ready = false;
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest("button[type=button]");
      if (ready || !button) return;
      event.stopImmediatePropagation();
      held.push(button);
    },
    { capture: true },
  );
  document.addEventListener("page:swapped", () => {
    ready = false;
  });
  document.addEventListener("page:ready", () => {
    ready = true;
    for (const button of held.splice(0)) if (button.isConnected) button.click();
  });
})();
