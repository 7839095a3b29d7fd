/* The voter's switches: larger text, high contrast, sound, read aloud and its speed, switch mode. They live for one voter. */
const DEFAULTS = { text: "off", contrast: "off", sound: "on", speech: "off", rate: "normal", scan: "off" };
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

/** Sets one switch; whoever draws or speaks hears of it by `display:changed`. */
export function set(key, value) {
  memory[key] = value;
  store("set", key, value);
  apply();
  window.dispatchEvent(new CustomEvent("display:changed", { detail: { key, value } }));
}

/** Back to the defaults, after every voter (VVSG 2.0, 7.1-A). */
export function reset() {
  for (const [key, value] of Object.entries(DEFAULTS)) if (get(key) !== value) set(key, value);
}

/** Notes whether the next step 1 belongs to the next voter; early.js reads it before it paints that page. */
export function ends(over) {
  store("set", "over", over ? "yes" : "no");
}

/** Notes that somebody is there; early.js resets on step 1 when nobody was for two minutes. */
export function present() {
  store("set", "at", String(Date.now()));
}
