// The drawing of who speaks when: shows the position, takes clicks and drags, names what lies under the pointer.

import { clock } from "./times.js";

export class Timeline {
  /** `onSeek(seconds)` is called while somebody points at a moment. */
  constructor(element, length, onSeek) {
    this.element = element;
    this.length = length;
    this.playhead = element.querySelector("#playhead");
    this.hover = element.querySelector("#hover");
    this.dragging = false;
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.dragging = true;
      element.setPointerCapture(event.pointerId);
      onSeek(this.timeAt(event));
    });
    element.addEventListener("pointermove", (event) => {
      this.describe(event);
      if (this.dragging) onSeek(this.timeAt(event));
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      element.addEventListener(end, () => { this.dragging = false; });
    }
    element.addEventListener("pointerleave", () => { this.hover.hidden = true; });
  }

  /** Moves the line to `seconds`. */
  draw(seconds) {
    const x = `${Math.min(100, (100 * seconds) / this.length)}%`;
    this.playhead.setAttribute("x1", x);
    this.playhead.setAttribute("x2", x);
    const whole = Math.floor(seconds);
    if (String(whole) !== this.element.getAttribute("aria-valuenow")) {
      this.element.setAttribute("aria-valuenow", whole);
      this.element.setAttribute("aria-valuetext", clock(seconds));
    }
  }

  /** The moment under the pointer; what is marked there has its own time. */
  timeAt(event) {
    const item = this.markedAt(event);
    if (item?.dataset.time !== undefined) return Number(item.dataset.time);
    const box = this.element.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * this.length;
  }

  /** What the mark under the pointer stands for, on the page: a question, or the customer's words nobody took up. */
  markedAt(event) {
    const mark = document.elementFromPoint(event.clientX, event.clientY)?.closest(".mark");
    return mark && this.element.contains(mark) ? document.getElementById(mark.dataset.names) : null;
  }

  describe(event) {
    const box = this.element.getBoundingClientRect();
    const marked = this.markedAt(event);
    const when = clock(this.timeAt(event));
    this.hover.textContent = marked ? `${when}  ${marked.textContent}` : when;
    this.hover.hidden = false;
    const half = this.hover.offsetWidth / 2;
    const x = Math.max(half, Math.min(box.width - half, event.clientX - box.left));
    this.hover.style.left = `${x}px`;
  }
}
