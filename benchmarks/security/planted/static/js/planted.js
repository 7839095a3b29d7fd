export function plant(element, words) {
  element.innerHTML = words;
  localStorage.setItem("words", words);
  window.addEventListener("message", plant);
}
