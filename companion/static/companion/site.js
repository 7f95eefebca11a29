// What needs a script, and nothing else: every page works without this file.

const root = document.documentElement;

// theme: show the choice at once, keep it in the background
addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-theme-form]");
  if (!form) return;
  event.preventDefault();
  const choice = event.submitter.value;
  const body = new FormData(form, event.submitter);
  if (choice === "system") delete root.dataset.theme;
  else root.dataset.theme = choice;
  document.querySelector('meta[name="color-scheme"]').content =
    choice === "system" ? "light dark" : choice;
  for (const button of form.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === event.submitter));
  }
  await fetch(form.action, { method: "POST", body, redirect: "manual" });
});

// Listen: the browser's own voice reads the element that data-listen names
let spoken = null;

function listen(button) {
  const again = spoken === button;
  speechSynthesis.cancel();
  if (again) return;
  const text = document.getElementById(button.dataset.listen);
  const speech = new SpeechSynthesisUtterance(text.textContent.trim());
  speech.lang = text.lang || root.lang;
  speech.onend = speech.onerror = () => {
    button.setAttribute("aria-pressed", "false");
    if (spoken === button) spoken = null;
  };
  spoken = button;
  button.setAttribute("aria-pressed", "true");
  speechSynthesis.speak(speech);
}

// Copy: the element that data-copy names; the button says that it is done
async function copy(button) {
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  const label = button.querySelector("[data-label]");
  const before = label.textContent;
  label.textContent = button.dataset.done;
  setTimeout(() => (label.textContent = before), 2000);
}

// time zone: offer the one that this device is in
function suggestZone(button) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const select = document.getElementById(button.dataset.zone);
  const known = [...select.options].some((option) => option.value === zone);
  if (!known || select.value === zone) return;
  button.querySelector("[data-label]").textContent = zone.replaceAll("_", " ");
  button.hidden = false;
  button.onclick = () => {
    select.value = zone;
    button.hidden = true;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    select.focus();
  };
}

function start(part) {
  for (const button of part.querySelectorAll("[data-listen]")) {
    button.hidden = !("speechSynthesis" in window);
  }
  for (const button of part.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
  for (const button of part.querySelectorAll("[data-zone]")) suggestZone(button);
}

addEventListener("click", (event) => {
  const button = event.target.closest("[data-listen], [data-copy]");
  if (button?.dataset.listen) listen(button);
  if (button?.dataset.copy) copy(button);
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
start(document);
