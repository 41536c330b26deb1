// The theme form posts and works without scripts; with them the choice shows at once while the post runs in the background.
import { on } from "./dom";

export function startTheme(): void {
  on("click", "button[data-sets-theme]", (event, button) => {
    const form = button.closest("form");
    const theme = button.dataset["setsTheme"];
    if (!form || !theme) return;
    event.preventDefault();
    document.documentElement.dataset["theme"] = theme;
    form.querySelectorAll("button[data-sets-theme]").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
    const body = new URLSearchParams({ theme });
    void fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
  });
}
