// Times as people write them and as addresses carry them.

/** m:ss, or h:mm:ss from an hour on. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Seconds in "73.2", "1:13" or "1:01:13"; null when it is none of these. */
export function parseTime(text) {
  if (!/^\d{1,6}(:\d{1,2}){0,2}(\.\d{1,6})?$/.test(text ?? "")) return null;
  return text.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

/** The moment an address points to: `#t=` before `?t=`; null when it names none. */
export function timeInAddress(address) {
  const fragment = /^#t=(.+)$/.exec(address.hash);
  return parseTime(fragment ? fragment[1] : new URLSearchParams(address.search).get("t"));
}

/** An element's own time, from the attribute `name`; null when it has none. */
export function timeOf(element, name = "time") {
  const text = element?.dataset[name];
  return text === undefined ? null : Number(text);
}

/** Index of the last of the ascending `times` that is not after `time`; -1 when all are. */
export function lastNotAfter(times, time) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
