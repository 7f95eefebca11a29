// Every page works without this.
const root = document.documentElement;
const all = (selector) => document.querySelectorAll(selector);

// theme: show the choice at once, keep it in the background
addEventListener("submit", (event) => {
  const form = event.target;
  const chosen = event.submitter;
  if (chosen?.name !== "theme") return;
  event.preventDefault();
  const system = chosen.value === "system";
  if (system) delete root.dataset.theme;
  else root.dataset.theme = chosen.value;
  all('meta[name="color-scheme"]')[0].content = system ? "light dark" : chosen.value;
  for (const button of form.querySelectorAll("[name=theme]")) {
    button.setAttribute("aria-pressed", button === chosen);
  }
  fetch(chosen.formAction, { method: "POST", body: new FormData(form, chosen), redirect: "manual" });
});

// Listen: the browser's voice reads what data-listen names
let speaking;
function listen(button) {
  const stop = speaking === button;
  speechSynthesis.cancel();
  if (stop) return;
  const text = document.getElementById(button.dataset.listen);
  const speech = new SpeechSynthesisUtterance(text.textContent.trim());
  speech.lang = text.lang || root.lang;
  speech.onend = speech.onerror = () => {
    button.setAttribute("aria-pressed", false);
    if (speaking === button) speaking = null;
  };
  speaking = button;
  button.setAttribute("aria-pressed", true);
  speechSynthesis.speak(speech);
}

// Copy what data-copy names; the button says so
async function copy(button) {
  const before = button.textContent;
  await navigator.clipboard.writeText(
    document.getElementById(button.dataset.copy).textContent.trim(),
  );
  button.textContent = button.dataset.done;
  setTimeout(() => (button.textContent = before), 2000);
}

// offer this device's time zone to the select in data-zone
function offerZone(button) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const select = document.getElementById(button.dataset.zone);
  const found = select.querySelector(`[value="${zone}"], [data-was~="${zone}"]`);
  if (!found || found.selected) return;
  button.append(" ", found.value.replaceAll("_", " "));
  button.hidden = false;
  button.onclick = () => {
    found.selected = true;
    button.hidden = true;
    select.focus();
    select.dispatchEvent(new Event("input", { bubbles: true }));
  };
}

const closeMenus = (except) => {
  for (const menu of all("details.menu[open]")) {
    if (menu.contains(except)) continue;
    menu.open = false;
    if (!except) menu.firstElementChild.focus();
  }
};
addEventListener("click", ({ target }) => {
  const button = target.closest("[data-listen], [data-copy]");
  if (button?.dataset.listen) listen(button);
  if (button?.dataset.copy) copy(button);
  closeMenus(target);
});
addEventListener("keydown", ({ key }) => key === "Escape" && closeMenus(null));

for (const button of all("[data-listen]")) button.hidden = !window.speechSynthesis;
for (const button of all("[data-copy]")) button.hidden = !navigator.clipboard;
for (const button of all("[data-zone]")) offerZone(button);
