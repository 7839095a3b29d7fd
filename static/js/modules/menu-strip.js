/* <nav data-module="menu-strip">: on a narrow screen the menu is a strip; the present page's entry is rolled into it. */
const BEFORE = 48;

export default class MenuStrip {
  constructor(nav) {
    this.nav = nav;
    this.here = nav.querySelector("[aria-current]");
    if (this.here) new ResizeObserver(() => this.roll()).observe(nav);
  }

  roll() {
    if (this.nav.scrollWidth <= this.nav.clientWidth) return;
    this.nav.scrollLeft += this.here.getBoundingClientRect().left - this.nav.getBoundingClientRect().left - BEFORE;
  }
}
