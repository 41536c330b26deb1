// Bulk selection: select all on the page, shift-click for a range, and a count that is right. The bar itself appears by CSS.
import { on } from "./dom";

let last: HTMLInputElement | null = null;

function boxes(form: Element): HTMLInputElement[] {
  return [...form.querySelectorAll<HTMLInputElement>("tbody input.check")];
}

function refresh(form: Element): void {
  const all = boxes(form);
  const chosen = all.filter((box) => box.checked).length;
  const head = form.querySelector<HTMLInputElement>("input[data-select-all]");
  if (head) {
    head.checked = chosen > 0 && chosen === all.length;
    head.indeterminate = chosen > 0 && chosen < all.length;
  }
  const label = form.querySelector<HTMLElement>("[data-bulk-count]");
  if (label) label.textContent = `${chosen} selected`;
}

export function startBulkSelection(): void {
  on("change", "form.bulk input[data-select-all]", (_event, head) => {
    const form = head.closest("form");
    if (!form) return;
    boxes(form).forEach((box) => (box.checked = (head as HTMLInputElement).checked));
    refresh(form);
  });
  on("click", "form.bulk tbody input.check", (event, element) => {
    const box = element as HTMLInputElement;
    const form = box.closest("form");
    if (!form) return;
    const all = boxes(form);
    if (event.shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b) as [number, number];
      all.slice(from, to + 1).forEach((other) => (other.checked = box.checked));
    }
    last = box;
    refresh(form);
  });
  on("click", "form.bulk [data-clear-selection]", (_event, button) => {
    const form = button.closest("form");
    if (!form) return;
    boxes(form).forEach((box) => (box.checked = false));
    refresh(form);
  });
}
