// Typed look-ups and delegated listeners, so that content swapped in later behaves like content that was there from the start.

/** The nearest ancestor-or-self of an event's target that matches. */
export function closest<E extends Element>(event: Event, selector: string): E | null {
  return event.target instanceof Element ? event.target.closest<E>(selector) : null;
}

/** One listener on the document for every present and future element that matches. */
export function on<K extends keyof DocumentEventMap, E extends HTMLElement>(
  type: K,
  selector: string,
  handler: (event: DocumentEventMap[K], element: E) => void,
): void {
  document.addEventListener(type, (event) => {
    const element = closest<E>(event, selector);
    if (element) handler(event, element);
  });
}

/** True where letters belong to the text being typed. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit", "reset", "file"].includes(target.type);
}
