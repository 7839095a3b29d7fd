/* Run in a page of the booth: what is too small, out of order, or cut off. One line of words for each. */
() => {
  const shown = one => one.checkVisibility({visibilityProperty: true}) && !one.closest(".sr, .skip, .sprite") && one.getBoundingClientRect().width > 1; // 1 px: for the ear only
  const layer = document.querySelector("dialog[open]") ?? document.querySelector("[data-page]") ?? document.body;
  const inLayer = one => layer.contains(one) && (one.closest("dialog") ?? layer) === (layer.matches("dialog") ? layer : one.closest("dialog") ?? layer);
  const name = one => (one.getAttribute("aria-label") || (one.labels?.[0] ?? one).innerText || one.name || one.tagName).trim().replace(/\s+/g, " ").slice(0, 40);
  const clip = (box, one) => {
    let {left, top, right, bottom} = box;
    for (let up = one.parentElement; up; up = up.parentElement) {
      if (getComputedStyle(up).overflowY === "visible" || up === document.body || up === document.documentElement) continue;
      const edge = up.getBoundingClientRect();
      [left, top, right, bottom] = [Math.max(left, edge.left), Math.max(top, edge.top), Math.min(right, edge.right), Math.min(bottom, edge.bottom)];
    }
    return {left, top, right, bottom, width: right - left, height: bottom - top};
  };
  const controls = [...layer.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea")]
    .filter(one => shown(one) && inLayer(one));
  const shape = one => one.closest("[data-choice]") ?? one;
  const texts = () => {
    const walk = document.createTreeWalker(layer, NodeFilter.SHOW_TEXT), found = [];
    while (walk.nextNode()) {
      const one = walk.currentNode.parentElement;
      if (/[\p{L}\p{N}]/u.test(walk.currentNode.data) && shown(one) && inLayer(one) && !one.closest("svg, script, style, noscript, option")) found.push(walk.currentNode);
    }
    return found;
  };

  function sizes([least, target, gap]) {
    const wrong = [];
    for (const text of texts()) {
      const px = parseFloat(getComputedStyle(text.parentElement).fontSize);
      if (px < least) wrong.push(`text of ${px} px: ${text.data.trim().slice(0, 40)}`);
    }
    const boxes = controls.map(one => ({one, box: shape(one).getBoundingClientRect(), seen: clip(shape(one).getBoundingClientRect(), shape(one))}));
    for (const {one, box} of boxes)
      if (box.width < target - 0.5 || box.height < target - 0.5) wrong.push(`target of ${Math.round(box.width)} x ${Math.round(box.height)}: ${name(one)}`);
    const there = boxes.filter(({seen}) => seen.width > 4 && seen.height > 4);
    for (const a of there) for (const b of there) {
      // "n more names below" covers what lies below it.
      if (a === b || a.one.closest("[data-below]") || b.one.closest("[data-below]") || controls.indexOf(a.one) > controls.indexOf(b.one)) continue;
      const dx = Math.max(a.seen.left, b.seen.left) - Math.min(a.seen.right, b.seen.right);
      const dy = Math.max(a.seen.top, b.seen.top) - Math.min(a.seen.bottom, b.seen.bottom);
      if (dx < gap - 0.5 && dy < gap - 0.5) wrong.push(`${Math.round(dx)}, ${Math.round(dy)} px between ${name(a.one)} and ${name(b.one)}`);
    }
    return wrong;
  }

  function order() {
    const wrong = [];
    const region = one => layer.matches("dialog") ? 0 : [".spine", ".k-top, .ink-top", ".k-body, .ink-main", ".k-bar"].findIndex(part => one.closest(part));
    for (const one of document.querySelectorAll("[tabindex]")) if (one.tabIndex > 0) wrong.push(`tabindex ${one.tabIndex}: ${name(one)}`);
    for (let at = 1; at < controls.length; at += 1) {
      const [a, b] = [controls[at - 1], controls[at]];
      if (region(b) < region(a)) wrong.push(`${name(b)} comes after ${name(a)}`);
      if (region(b) !== region(a) || [a, b].some(one => one.closest("[data-below]"))) continue;
      const [p, q] = [shape(a).getBoundingClientRect(), shape(b).getBoundingClientRect()];
      const above = q.bottom <= p.top && q.left < p.right, left = q.right <= p.left && q.top < p.bottom && q.bottom > p.top;
      if (above || left) wrong.push(`${name(b)} is read before ${name(a)} and reached after it`);
    }
    return wrong;
  }

  function cut() {
    const wrong = [];
    if (document.documentElement.scrollWidth > innerWidth) wrong.push(`scrolls sideways: ${document.documentElement.scrollWidth} px`);
    const parts = texts().map(text => {
      const range = document.createRange();
      range.selectNodeContents(text);
      return {text, words: text.data.trim().slice(0, 40), boxes: [...range.getClientRects()].map(box => clip(box, text.parentElement))};
    });
    for (const {text, words, boxes} of parts) {
      let block = text.parentElement;
      while (getComputedStyle(block).display.startsWith("inline") || getComputedStyle(block).display === "contents") block = block.parentElement;
      const edge = block.getBoundingClientRect();
      if (boxes.some(box => box.width > 0 && (box.right > edge.right + 1 || box.left < edge.left - 1))) wrong.push(`sticks out: ${words}`);
      for (let one = block; one && layer.contains(one); one = one.parentElement) {
        const style = getComputedStyle(one);
        if (style.overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1) wrong.push(`cut at the side, ${one.scrollWidth} in ${one.clientWidth}: ${words}`);
        if (["hidden", "clip"].includes(style.overflowY) && one.scrollHeight > one.clientHeight + 1) wrong.push(`cut below: ${words}`);
      }
    }
    const lies = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 3 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 6;
    const over = part => Boolean(part.text.parentElement.closest("[data-below]"));
    parts.forEach((a, at) => parts.slice(at + 1).forEach(b => {
      if (over(a) !== over(b)) return; // the button "n more names below" lies over the row it covers, and says so
      if (a.boxes.some(one => b.boxes.some(two => one.height > 0 && two.height > 0 && lies(one, two)))) wrong.push(`"${a.words}" and "${b.words}" lie over each other`);
    }));
    return [...new Set(wrong)];
  }

  return { sizes, order, cut };
}
