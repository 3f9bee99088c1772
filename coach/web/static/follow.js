// The transcript follows the sound: the turn being spoken stands out and stays in view, until somebody scrolls.

import { lastNotAfter, timeOf } from "./times.js";

const SCROLL_KEYS = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]);

export class Follower {
  /** `onChange(isFollowing)` is called when following stops or starts again. */
  constructor(list, player, onChange) {
    const timed = [...list.querySelectorAll(".turn[data-start]")];
    this.turns = timed.sort((one, other) => timeOf(one, "start") - timeOf(other, "start"));
    this.starts = this.turns.map((turn) => timeOf(turn, "start"));
    this.player = player;
    this.onChange = onChange;
    this.current = null;
    this.following = true;
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    for (const gesture of ["wheel", "touchmove"]) {
      window.addEventListener(gesture, (event) => {
        if (!event.target.closest?.(".side")) this.setFollowing(false);
      }, { passive: true });
    }
    window.addEventListener("keydown", (event) => {
      if (SCROLL_KEYS.has(event.key) && !event.defaultPrevented) this.setFollowing(false);
    });
    window.addEventListener("pointerdown", (event) => {
      const onScrollbar = event.target === document.documentElement && event.clientX >= document.documentElement.clientWidth;
      if (onScrollbar) this.setFollowing(false);
    });
  }

  setFollowing(following) {
    if (following === this.following) return;
    this.following = following;
    this.onChange(following);
  }

  /** Marks the turn spoken at `seconds`, and brings it into view when it is a new one and we follow. */
  show(seconds) {
    const turn = this.turns[lastNotAfter(this.starts, seconds)] ?? null;
    if (turn === this.current) return;
    this.current?.classList.remove("is-current");
    this.current?.removeAttribute("aria-current");
    turn?.classList.add("is-current");
    turn?.setAttribute("aria-current", "true");
    this.current = turn;
    if (this.following) this.bringIntoView(turn);
  }

  /** Scrolls only when the element is hidden by the player or in the lower third of the window. */
  bringIntoView(element, always = false) {
    if (!element) return;
    const box = element.getBoundingClientRect();
    const top = Math.max(0, this.player?.getBoundingClientRect().bottom ?? 0);
    const bottom = window.innerHeight * 0.7;
    const inView = box.top >= top + 8 && Math.min(box.bottom, box.top + 120) <= bottom;
    if (inView && !always) return;
    const playerHeight = this.player?.offsetHeight ?? 0;
    const goal = window.scrollY + box.top - playerHeight - (window.innerHeight - playerHeight) * 0.25;
    const isFar = Math.abs(goal - window.scrollY) > 3 * window.innerHeight;
    window.scrollTo({ top: Math.max(0, goal), behavior: isFar || this.calm.matches ? "auto" : "smooth" });
  }
}
