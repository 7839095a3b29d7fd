/* The voter's switches: larger text, high contrast, sound. They live for one voter. */
const DEFAULTS = { text: "off", contrast: "off", sound: "on" };
const memory = { ...DEFAULTS };

function store(action, key, value) {
  try {
    return action === "get" ? sessionStorage.getItem(`kiosk.${key}`) : sessionStorage.setItem(`kiosk.${key}`, value);
  } catch {
    return null;
  }
}

export function get(key) {
  return store("get", key) ?? memory[key];
}

function apply() {
  const root = document.documentElement;
  if (get("contrast") === "on") root.dataset.theme = "contrast";
  else delete root.dataset.theme;
  if (get("text") === "on") root.dataset.text = "large";
  else delete root.dataset.text;
}

export function set(key, value) {
  memory[key] = value;
  store("set", key, value);
  apply();
}

/** Back to the defaults, after every voter (VVSG 2.0, 7.1-A). */
export function reset() {
  for (const [key, value] of Object.entries(DEFAULTS)) set(key, value);
}
