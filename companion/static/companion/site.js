// Every page works without this.
const root = document.documentElement;
const all = (css) => document.querySelectorAll(css);
const byId = (id) => document.getElementById(id);
const press = (button, on) => button.setAttribute("aria-pressed", on);

const offline = (is) => (byId("offline").hidden = !is);
addEventListener("htmx:error", ({ detail }) => offline(detail.error.name === "TypeError"));
addEventListener("htmx:after:request", () => offline());

const busy = (is) => (all("#results")[0] ?? {}).ariaBusy = is;
addEventListener("htmx:before:request", () => busy(true));
addEventListener("htmx:finally:request", () => busy(false));

addEventListener("submit", (event) => {
  const { target: form, submitter: chosen } = event;
  if (chosen?.name !== "theme") return;
  event.preventDefault();
  const theme = chosen.value.replace("system", "");
  root.dataset.theme = theme;
  all('meta[name="color-scheme"]')[0].content = theme || "light dark";
  for (const button of form.theme) press(button, button === chosen);
  fetch(chosen.formAction, { method: "POST", body: new FormData(form, chosen), redirect: "manual" });
});

let speaking;
function listen(button) {
  const stop = speaking === button;
  speechSynthesis.cancel();
  if (stop) return;
  const text = byId(button.dataset.listen);
  const speech = new SpeechSynthesisUtterance(text.textContent);
  speech.lang = text.lang || root.lang;
  speech.onend = speech.onerror = () => {
    press(button, false);
    if (speaking === button) speaking = null;
  };
  speaking = button;
  press(button, true);
  speechSynthesis.speak(speech);
}

async function copy(button) {
  const { copy, done } = button.dataset, text = byId(copy), before = button.textContent;
  getSelection().selectAllChildren(text); // or by hand
  await navigator.clipboard.writeText(text.textContent.trim());
  if (before === done) return;
  button.textContent = done;
  setTimeout(() => (button.textContent = before), 2000);
}

function offerZone(button) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone,
    select = byId(button.dataset.zone),
    found = select.querySelector(`[value="${zone}"], [data-was~="${zone}"]`);
  if (!found || found.selected) return;
  button.append(" ", found.value.replaceAll("_", " "));
  button.hidden = false;
  button.onclick = () => {
    found.selected = button.hidden = true;
    select.focus();
    select.dispatchEvent(new Event("input", { bubbles: true }));
  };
}

const closeMenus = (except) => {
  for (const menu of all(".menu[open]")) {
    if (menu.contains(except)) continue;
    menu.open = false;
    if (!except) menu.firstElementChild.focus();
  }
};
addEventListener("click", ({ target }) => {
  const button = target.closest("[data-listen], [data-copy]");
  if (button) (button.dataset.copy ? copy : listen)(button);
  closeMenus(target);
});
addEventListener("keydown", ({ key }) => key === "Escape" && closeMenus());

root.classList.toggle("mute", !window.speechSynthesis);
root.classList.toggle("no-copy", !navigator.clipboard);
all("[data-zone]").forEach(offerZone);
