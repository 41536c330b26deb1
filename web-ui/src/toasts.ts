// Toasts come from the server (with the page, or appended by a live update). Good news leaves by itself; bad news stays until closed.
import { on } from "./dom";

/** Long enough to read twice; pauses while pointed at or focused (WCAG 2.2.1: nothing needed is only in a toast). */
const STAY_MS = 7000;

export function toast(tone: "info" | "good" | "warning" | "danger", text: string): void {
  const region = document.getElementById("toasts");
  if (!region) return;
  const box = document.createElement("div");
  box.className = "toast";
  box.dataset["tone"] = tone;
  const body = document.createElement("div");
  body.className = "toast-text";
  body.textContent = text;
  const close = document.createElement("button");
  close.className = "button button-quiet button-small";
  close.dataset["closesToast"] = "";
  close.textContent = "Close";
  box.append(document.createElement("span"), body, close);
  region.append(box);
}

function schedule(box: HTMLElement): void {
  if (box.dataset["timed"] || box.dataset["tone"] === "danger" || box.dataset["tone"] === "warning") return;
  box.dataset["timed"] = "yes";
  let timer = 0;
  const start = () => (timer = window.setTimeout(() => box.remove(), STAY_MS));
  const stop = () => window.clearTimeout(timer);
  box.addEventListener("pointerenter", stop);
  box.addEventListener("pointerleave", start);
  box.addEventListener("focusin", stop);
  box.addEventListener("focusout", start);
  start();
}

export function startToasts(): void {
  on("click", "[data-closes-toast]", (_event, button) => button.closest(".toast")?.remove());
  const region = document.getElementById("toasts");
  if (!region) return;
  const scan = () => region.querySelectorAll<HTMLElement>(".toast").forEach(schedule);
  new MutationObserver(scan).observe(region, { childList: true });
  scan();
}
