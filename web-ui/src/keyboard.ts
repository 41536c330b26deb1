// The keyboard map of docs/design.md. Single letters act only outside text fields and only while the person has not switched them off
// (data-keys="off" on <html>, WCAG 2.1.4). Ctrl-K always works.
import { isTyping } from "./dom";
import { openPalette } from "./palette";

/** How long "g" waits for its letter. */
const GO_WAIT_MS = 1200;
let goUntil = 0;

function items(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-list] [data-item]")].filter((item) => item.offsetParent !== null);
}

function current(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>("[data-item]") ?? null;
}

function move(step: 1 | -1): boolean {
  const all = items();
  if (all.length === 0) return false;
  const from = current();
  const at = from ? all.indexOf(from) : step === 1 ? -1 : all.length;
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  all.forEach((item) => (item.tabIndex = item === next ? 0 : -1));
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return true;
}

/** Presses the control that carries this key, in the current item first, else on the page. */
function act(key: string): boolean {
  const selector = `[data-key="${CSS.escape(key)}"]`;
  const control = current()?.querySelector<HTMLElement>(selector) ?? document.querySelector<HTMLElement>(`[data-page-acts] ${selector}`);
  if (!control) return false;
  if (control instanceof HTMLInputElement) control.focus();
  else control.click();
  return true;
}

function openSelected(): boolean {
  const item = current();
  if (!item || document.activeElement !== item) return false;
  const link = item.querySelector<HTMLAnchorElement>("a[data-opens]");
  link?.click();
  return link !== null;
}

function go(letter: string): boolean {
  const link = document.querySelector<HTMLAnchorElement>(`a[data-go="${CSS.escape(letter)}"]`);
  link?.click();
  return link !== null;
}

function toggleCheck(): boolean {
  const check = current()?.querySelector<HTMLInputElement>("input.check");
  check?.click();
  return check != null;
}

function help(): boolean {
  const dialog = document.querySelector<HTMLDialogElement>("dialog#keys");
  if (!dialog) return false;
  if (dialog.open) dialog.close();
  else dialog.showModal();
  return true;
}

function focusFilter(): boolean {
  const input = document.querySelector<HTMLInputElement>("input[data-filter]");
  input?.focus();
  input?.select();
  return input !== null;
}

function handle(event: KeyboardEvent): boolean {
  if (Date.now() < goUntil) {
    goUntil = 0;
    return go(event.key);
  }
  switch (event.key) {
    case "j": return move(1);
    case "k": return move(-1);
    case "x": return toggleCheck();
    case "/": return focusFilter();
    case "?": return help();
    case "Enter": return openSelected();
    case "g":
      goUntil = Date.now() + GO_WAIT_MS;
      return true;
    default: return /^[a-z]$/.test(event.key) && act(event.key);
  }
}

export function startKeyboard(): void {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      if (openPalette()) event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape") {
      if (isTyping(event.target) && event.target instanceof HTMLElement && !event.target.closest("dialog")) event.target.blur();
      document.documentElement.dataset["tips"] = "closed";
      return;
    }
    if (document.documentElement.dataset["keys"] === "off" || isTyping(event.target)) return;
    const modal = document.querySelector("dialog:modal");
    if (modal && !(event.key === "?" && modal.id === "keys")) return;
    if (handle(event)) event.preventDefault();
  });
  // Escape hides an explanation that covers something (WCAG 1.4.13); moving on brings explanations back.
  for (const type of ["focusin", "pointerover"] as const) {
    document.addEventListener(type, () => delete document.documentElement.dataset["tips"]);
  }
}
