// What was typed into a list's filter before the scripts stood is applied as soon as they do.

export function startFilter(): void {
  const apply = (): void => {
    document.querySelectorAll<HTMLInputElement>("input[data-filter]").forEach((input) => {
      if (input.value !== input.defaultValue) input.form?.requestSubmit();
    });
  };
  // After htmx has taken the forms over, which it does when the document is ready.
  if (document.readyState === "complete") setTimeout(apply);
  else window.addEventListener("load", () => setTimeout(apply), { once: true });
}
