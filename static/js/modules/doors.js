/* The landing page: a door opens its form and closes the other one. Without scripts the door is a link to /?room=… */
export default class Doors {
  constructor(root) {
    this.rooms = [...root.querySelectorAll("[data-room]")];
    for (const room of this.rooms) {
      room.querySelector("[data-door]").addEventListener("click", (event) => {
        event.preventDefault();
        this.open("open" in room.dataset ? null : room);
      });
      room.querySelector("[data-back]").addEventListener("click", (event) => {
        event.preventDefault();
        this.open(null);
        room.querySelector("[data-door]").focus();
      });
    }
  }

  open(chosen) {
    for (const room of this.rooms) {
      const open = room === chosen;
      room.toggleAttribute("data-open", open);
      room.querySelector("[data-form]").hidden = !open;
      room.querySelector("[data-door]").setAttribute("aria-expanded", String(open));
    }
    chosen?.querySelector("input:not([type=hidden]):not([type=radio])")?.focus();
  }
}
