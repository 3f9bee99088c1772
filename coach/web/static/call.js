// The page of one call: ties sound, timeline, transcript, questions and keys together. Works without sound, and without
// times (chat and mail), where only the way from question to question is left.

import { Follower } from "./follow.js";
import { Timeline } from "./timeline.js";
import { clock, lastNotAfter, timeInAddress, timeOf } from "./times.js";

const STEP_S = 5;
const REVIEWER = "callcoach-reviewer"; // the key under which this browser keeps the coach's name
const byId = (id) => document.getElementById(id);

const player = byId("player");
const sound = byId("sound");
const list = document.querySelector(".turns");
const length = player ? Number(player.dataset.length) : null;
const questions = [...list.querySelectorAll(".question")];
const questionTimes = questions.map((question) => timeOf(question));
const areTimed = player !== null && questionTimes.every((time) => time !== null);

let silentPosition = 0; // where we are when there is no sound
let reached = -1; // the question last gone to
let isBroken = false;
const hasSound = () => sound !== null && !isBroken;
const position = () => (hasSound() ? sound.currentTime : silentPosition);

const follower = new Follower(list, player, (following) => {
  const button = byId("follow");
  if (button) button.hidden = following || !hasSound();
});
const timeline = player ? new Timeline(byId("timeline"), length, (time) => seek(time, { follow: true })) : null;

/** Goes to a moment: the sound, the line on the timeline and, if asked, the transcript. */
function seek(time, { follow = false, quiet = false } = {}) {
  const goal = Math.min(Math.max(0, time), length);
  if (hasSound()) sound.currentTime = goal;
  else silentPosition = goal;
  if (follow) follower.setFollowing(true);
  draw(goal);
  if (!quiet && follow) follower.bringIntoView(follower.current);
}

function draw(time = position()) {
  if (!player) return;
  byId("now").textContent = clock(time);
  timeline.draw(time);
  follower.show(time);
  if (areTimed && questions.length) markReached(lastNotAfter(questionTimes, time + 0.05));
}

function markReached(index) {
  if (index === reached) return;
  for (const [at, on] of [[reached, false], [index, true]]) {
    byId(`q-${at + 1}`)?.classList.toggle("is-reached", on);
    document.querySelector(`.question-list a[data-question="${at + 1}"]`)?.parentElement.classList.toggle("is-reached", on);
  }
  reached = index;
}

/** Goes to the next (+1) or the previous (-1) question. */
function stepQuestion(by) {
  if (!questions.length) return;
  let goal = reached + by;
  if (by < 0 && areTimed && reached >= 0 && position() - questionTimes[reached] > 2) goal = reached;
  goToQuestion(Math.min(Math.max(0, goal), questions.length - 1));
}

function goToQuestion(index) {
  const time = questionTimes[index];
  if (player && time !== null) seek(time, { follow: true, quiet: true });
  markReached(index);
  follower.bringIntoView(questions[index]);
  const said = byId("said");
  if (said) said.textContent = questions[index].textContent;
}

function togglePlay() {
  if (!hasSound()) return;
  if (sound.paused) {
    follower.setFollowing(true);
    sound.play().catch(() => {}); // "error" on the element says why
  } else {
    sound.pause();
  }
}

/** Plays from a moment and leaves the page where it is: the words are being read beside it. */
function listenFrom(time) {
  follower.setFollowing(false);
  seek(time);
  if (sound.paused) sound.play().catch(() => {});
}

function wireSound() {
  sound.controls = false;
  const button = byId("play");
  button.addEventListener("click", togglePlay);
  byId("speed").addEventListener("change", (event) => { sound.playbackRate = Number(event.target.value); });
  byId("follow").addEventListener("click", () => {
    follower.setFollowing(true);
    follower.bringIntoView(follower.current, true);
  });
  for (const name of ["play", "pause", "ended"]) {
    sound.addEventListener(name, () => {
      button.classList.toggle("is-playing", !sound.paused);
      button.setAttribute("aria-label", sound.paused ? "Play" : "Pause");
      if (!sound.paused) requestAnimationFrame(tick);
    });
  }
  for (const name of ["timeupdate", "seeked", "loadedmetadata"]) sound.addEventListener(name, () => draw());
  sound.addEventListener("error", giveUpSound);
  if (sound.error) giveUpSound(); // it failed before this script ran
}

function giveUpSound() {
  silentPosition = sound.currentTime;
  isBroken = true;
  byId("no-sound").hidden = false;
  for (const id of ["play", "speed", "follow"]) byId(id).hidden = true;
}

function tick() {
  if (sound.paused) return;
  draw();
  requestAnimationFrame(tick);
}

function wirePlayer() {
  byId("controls").hidden = false;
  byId("previous-question")?.addEventListener("click", () => stepQuestion(-1));
  byId("next-question")?.addEventListener("click", () => stepQuestion(1));
  byId("copy").addEventListener("click", copyLink);
  const measure = () => document.documentElement.style.setProperty("--player-height", `${player.offsetHeight}px`);
  new ResizeObserver(measure).observe(player);
  measure();
}

async function copyLink(event) {
  const link = new URL(location.pathname + location.search, location.origin);
  link.searchParams.delete("t");
  link.hash = `t=${position().toFixed(1)}`;
  history.replaceState(null, "", link);
  const button = event.currentTarget;
  try {
    await navigator.clipboard.writeText(link.href);
    button.textContent = "Copied";
  } catch {
    button.textContent = "See address bar";
  }
  setTimeout(() => { button.textContent = "Copy link"; }, 1600);
}

/** A click on a time, a question or a turn goes there; selecting text does not. */
function onClick(event) {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("a[data-question], a[data-time]");
  if (link?.dataset.question) {
    event.preventDefault();
    goToQuestion(Number(link.dataset.question) - 1);
  } else if (link?.dataset.listen !== undefined && hasSound()) {
    event.preventDefault();
    listenFrom(timeOf(link));
  } else if (link && player) {
    event.preventDefault();
    history.replaceState(null, "", `#t=${timeOf(link)}`);
    seek(timeOf(link), { follow: true });
  } else if (!event.target.closest("a, button, summary") && getSelection().isCollapsed && player) {
    const time = timeOf(event.target.closest(".question")) ?? timeOf(event.target.closest(".turn"), "start");
    if (time !== null) seek(time, { follow: true });
  }
}

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target;
  if (target.closest("input, select, textarea")) return;
  const actions = {
    " ": () => (target.closest("button, summary") || !hasSound() ? false : togglePlay()),
    ArrowLeft: () => (player ? seek(position() - STEP_S, { follow: true }) : false),
    ArrowRight: () => (player ? seek(position() + STEP_S, { follow: true }) : false),
    j: () => stepQuestion(1),
    k: () => stepQuestion(-1),
  };
  const action = actions[event.key];
  if (action && action() !== false) event.preventDefault();
}

function onAddress() {
  const folded = location.hash.length > 1 ? byId(location.hash.slice(1))?.closest("details") : null;
  if (folded) folded.open = true;
  const time = timeInAddress(location);
  const turn = location.hash.startsWith("#turn-") ? byId(location.hash.slice(1)) : null;
  if (!player) return;
  if (time !== null) seek(time, { follow: true });
  else if (turn) seek(timeOf(turn, "start") ?? 0, { quiet: true });
}

function wireQuestionsOnly() {
  const button = byId("only-questions");
  if (!button) return;
  for (const turn of list.querySelectorAll(".turn.asks")) turn.previousElementSibling?.classList.add("before-question");
  button.hidden = false;
  button.addEventListener("click", () => {
    const on = list.classList.toggle("only-questions");
    button.setAttribute("aria-pressed", String(on));
  });
}

/** A coach who writes several reviews gives the name once. */
function rememberReviewer() {
  for (const form of document.querySelectorAll("form.review")) {
    form.elements.person.value ||= localStorage.getItem(REVIEWER) ?? "";
    form.addEventListener("submit", () => localStorage.setItem(REVIEWER, form.elements.person.value));
  }
}

rememberReviewer();
/** What is likelier wrong than right is one click away, so that the transcript stays calm. */
function wireUnsureCues() {
  const button = byId("unsure-cues");
  if (!button) return;
  button.hidden = false;
  const show = (on) => {
    list.classList.toggle("hides-unsure", !on);
    button.setAttribute("aria-pressed", String(on));
  };
  button.addEventListener("click", () => show(button.getAttribute("aria-pressed") === "false"));
  show(false);
}

if (player) wirePlayer();
if (sound) wireSound();
wireQuestionsOnly();
wireUnsureCues();
list.addEventListener("click", onClick);
document.querySelector(".side")?.addEventListener("click", onClick);
document.querySelector(".dropped")?.addEventListener("click", onClick);
document.querySelector(".practice")?.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
window.addEventListener("hashchange", onAddress);
draw();
onAddress();
