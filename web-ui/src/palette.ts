// The command palette filters links that the server already wrote into the page: only what this person may open is there.
// Arrow keys move, Enter follows the link. Without scripts the opener is a link to the same list as a page.
import { on } from "./dom";

function palette(): HTMLDialogElement | null {
  return document.querySelector<HTMLDialogElement>("dialog#palette");
}

export function openPalette(): boolean {
  const dialog = palette();
  if (!dialog) return false;
  if (!dialog.open) dialog.showModal();
  const input = dialog.querySelector<HTMLInputElement>("[data-palette-input]");
  if (input) {
    input.value = "";
    show(dialog, "");
    input.focus();
  }
  return true;
}

/** Words in any order, each anywhere in the entry's text. */
function matches(item: HTMLElement, words: string[]): boolean {
  const text = (item.dataset["text"] ?? item.textContent ?? "").toLowerCase();
  return words.every((word) => text.includes(word));
}

function visible(dialog: HTMLElement): HTMLAnchorElement[] {
  return [...dialog.querySelectorAll<HTMLAnchorElement>("a.palette-item:not([hidden])")];
}

function choose(dialog: HTMLElement, item: HTMLAnchorElement | undefined): void {
  dialog.querySelectorAll("[data-chosen]").forEach((old) => {
    delete (old as HTMLElement).dataset["chosen"];
    old.setAttribute("aria-selected", "false");
  });
  const input = dialog.querySelector("[data-palette-input]");
  if (!item) {
    input?.removeAttribute("aria-activedescendant");
    return;
  }
  item.dataset["chosen"] = "";
  item.setAttribute("aria-selected", "true");
  item.scrollIntoView({ block: "nearest" });
  input?.setAttribute("aria-activedescendant", item.id);
}

function show(dialog: HTMLElement, query: string): void {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of dialog.querySelectorAll<HTMLElement>("[data-palette-group]")) {
    let any = false;
    for (const item of group.querySelectorAll<HTMLElement>("a.palette-item")) {
      const hit = matches(item, words);
      item.hidden = !hit;
      any ||= hit;
    }
    group.hidden = !any;
  }
  const found = visible(dialog);
  const none = dialog.querySelector<HTMLElement>("[data-palette-none]");
  if (none) none.hidden = found.length > 0;
  choose(dialog, found[0]);
}

export function startPalette(): void {
  on("click", "[data-opens-palette]", (event) => {
    if (openPalette()) event.preventDefault();
  });
  on("input", "[data-palette-input]", (_event, input) => {
    const dialog = palette();
    if (dialog) show(dialog, (input as HTMLInputElement).value);
  });
  on("keydown", "[data-palette-input]", (event) => {
    const dialog = palette();
    if (!dialog) return;
    const items = visible(dialog);
    const at = items.findIndex((item) => item.dataset["chosen"] !== undefined);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(dialog, items[(at + step + items.length) % items.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      items[Math.max(at, 0)]?.click();
    }
  });
}
