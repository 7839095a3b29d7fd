/* A ranked ballot's order lives in its fields: a list in each row, whose value is the place, zeros for none. */
export const NOTA = "NOTA";

function rowsOf(root) {
  return [...root.querySelectorAll("[data-rank]")].map((row) => ({ id: row.dataset.rank, list: row.querySelector("select") }));
}

/** The ids that have a place, in the order of the places; NOTA alone when it is chosen. */
export function readOrder(root) {
  const marked = rowsOf(root).filter(({ list }) => Number(list.value) > 0);
  return marked.sort((one, other) => Number(one.list.value) - Number(other.list.value)).map(({ id }) => id);
}

/** Gives these ids the places from 1 on, and the others none. Every value has as many digits. */
export function writeOrder(root, order) {
  for (const { id, list } of rowsOf(root)) {
    list.value = String(order.indexOf(id) + 1).padStart(list.options[0].value.length, "0");
  }
}
