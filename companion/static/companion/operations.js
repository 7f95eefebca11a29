// Once a minute the page looks again, while somebody can see it.
const MINUTE = 60_000;
let looked = Date.now();

function look() {
  if (document.hidden || Date.now() - looked < MINUTE) return;
  looked = Date.now();
  document.getElementById("glance")?.dispatchEvent(new CustomEvent("look"));
}

setInterval(look, MINUTE / 10);
document.addEventListener("visibilitychange", look);
