// The page Ask: plays the moment a quote stands at, and says that a question is being answered. Works without either.

const sound = new Audio();
sound.preload = "none";
let current = null; // the button whose quote plays

function show(button, playing) {
  button.classList.toggle("is-playing", playing);
  button.setAttribute("aria-label", button.getAttribute("aria-label").replace(/^\S+/, playing ? "Stop" : "Play"));
}

function stop() {
  sound.pause();
  if (current) show(current, false);
  current = null;
}

function play(button) {
  stop();
  current = button;
  show(button, true);
  const address = new URL(button.dataset.audio, location.href).href;
  if (sound.src !== address) sound.src = address;
  sound.currentTime = Number(button.dataset.start); // before anything is loaded: where it will begin
  sound.play().catch(() => {}); // "error" on the element says why
}

sound.addEventListener("timeupdate", () => {
  const end = current?.dataset.end;
  if (end !== undefined && sound.currentTime >= Number(end)) stop();
});
sound.addEventListener("ended", stop);
sound.addEventListener("error", () => {
  stop();
  document.getElementById("no-sound").hidden = false;
});

for (const button of document.querySelectorAll(".listen-button")) {
  button.hidden = false;
  button.addEventListener("click", () => (button === current ? stop() : play(button)));
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && current) stop();
});

/** The first question may take seconds: what it is about to look through is being loaded. */
function wait(place) {
  if (place) place.textContent = "Looking through the calls …";
}

for (const form of document.querySelectorAll("form[data-asks]")) {
  form.addEventListener("submit", () => wait(form.querySelector(".waiting")));
}
for (const link of document.querySelectorAll("a[data-asks]")) {
  link.addEventListener("click", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) wait(document.querySelector(".waiting"));
  });
}
window.addEventListener("pageshow", () => {
  for (const place of document.querySelectorAll(".waiting")) place.textContent = ""; // back from the answer
});
