// Keeps relative times true while a page stays open. The words are the same as in crates/web/src/ui/time.rs; the exact time is in the title.

/** How often the page looks at its clock. */
const TICK_MS = 30_000;

export function relative(fromMs: number, nowMs: number): string | null {
  const seconds = Math.round((nowMs - fromMs) / 1000);
  const ahead = seconds < 0;
  const away = Math.abs(seconds);
  if (away < 45) return ahead ? "in a moment" : "just now";
  const [amount, unit] =
    away < 3_570 ? [Math.round(away / 60), "min"] : away < 84_600 ? [Math.round(away / 3600), "h"] : away < 561_600 ? [Math.round(away / 86_400), "d"] : [0, ""];
  if (!unit) return null;
  return ahead ? `in ${amount} ${unit}` : `${amount} ${unit} ago`;
}

function refresh(): void {
  const now = Date.now();
  for (const element of document.querySelectorAll<HTMLTimeElement>("time[data-relative]")) {
    const text = relative(Date.parse(element.dateTime), now);
    if (text && element.textContent !== text) element.textContent = text;
  }
}

export function startTimes(): void {
  setInterval(refresh, TICK_MS);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
}
