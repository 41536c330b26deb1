// Small comforts of form fields: show a password, copy a value, count characters, send on change.
import { on } from "./dom";
import { toast } from "./toasts";

/** How long a copy button says that it copied. */
const COPIED_MS = 1600;

async function copy(button: HTMLElement): Promise<void> {
  const source = document.getElementById(button.dataset["copies"] ?? "");
  const text = source?.dataset["copy"] ?? source?.textContent?.trim() ?? "";
  const label = button.querySelector<HTMLElement>("[data-copy-label]");
  try {
    await navigator.clipboard.writeText(text);
    const before = label?.textContent ?? "";
    if (label) label.textContent = "Copied";
    setTimeout(() => label && (label.textContent = before), COPIED_MS);
  } catch {
    toast("warning", "The browser did not allow copying. Select the text and copy it yourself.");
  }
}

function count(area: HTMLTextAreaElement): void {
  const counter = document.getElementById(area.dataset["counter"] ?? "");
  if (!counter) return;
  const limit = Number(area.dataset["limit"]);
  const used = [...area.value].length;
  counter.textContent = `${used} of ${limit}`;
  counter.toggleAttribute("data-over", used > limit);
}

export function startFields(): void {
  on("click", "button[data-shows]", (_event, button) => {
    const input = document.getElementById(button.dataset["shows"] ?? "");
    if (!(input instanceof HTMLInputElement)) return;
    const reveal = input.type === "password";
    input.type = reveal ? "text" : "password";
    button.setAttribute("aria-pressed", String(reveal));
    button.textContent = reveal ? "Hide" : "Show";
  });
  on("click", "button[data-copies]", (_event, button) => void copy(button));
  on("input", "textarea[data-counter]", (_event, area) => count(area as unknown as HTMLTextAreaElement));
  on("change", "[data-submits]", (_event, control) => control.closest("form")?.requestSubmit());
  // A failed form puts the reader at what is wrong.
  const firstError = () => document.querySelector<HTMLElement>("[data-error-summary]")?.focus();
  document.addEventListener("htmx:after:swap", firstError);
  firstError();
}
