// Dialogs open by command="show-modal" without any script; this adds the same for browsers that lack invoker commands,
// closing by a click on the backdrop, and enabling a confirm button once the asked-for word is typed.
import { on } from "./dom";
import { toast } from "./toasts";

/** The server checks the word too; this only says so before the press. */
function guard(field: HTMLInputElement): void {
  const button = field.form?.querySelector<HTMLButtonElement>("button[data-confirms]");
  button?.setAttribute("aria-disabled", String(field.value.trim() !== field.dataset["confirmWord"]));
}

export function startDialogs(): void {
  if (!("command" in HTMLButtonElement.prototype)) {
    on("click", "button[commandfor]", (_event, button) => {
      const dialog = document.getElementById(button.getAttribute("commandfor") ?? "");
      if (!(dialog instanceof HTMLDialogElement)) return;
      if (button.getAttribute("command") === "show-modal") dialog.showModal();
      else dialog.close();
    });
  }
  // A dialog swapped in by the server with data-open shows itself.
  document.addEventListener("htmx:after:swap", () => {
    document.querySelectorAll<HTMLDialogElement>("dialog[data-open]:not([open])").forEach((dialog) => dialog.showModal());
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof HTMLDialogElement && event.target.open && event.target.matches(":modal")) {
      const box = event.target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside) event.target.close();
    }
  });
  on("input", "input[data-confirm-word]", (_event, input) => guard(input as HTMLInputElement));
  const guardAll = () => document.querySelectorAll<HTMLInputElement>("input[data-confirm-word]").forEach(guard);
  document.addEventListener("htmx:after:swap", guardAll);
  guardAll();
  // A button that is shown but not available says why when pressed: its tip is not reachable by touch.
  on("click", "button[aria-disabled='true']", (event, button) => {
    event.preventDefault();
    if (button.title) toast("info", button.title);
  });
}
