// Moving a post in the calendar: by dragging it to another day, or with Alt and an arrow while it has the focus. The server decides
// and says what that means; when an approval would be lost it asks first. Without scripts a post is moved on its own page.
import { on } from "./dom";
import { toast } from "./toasts";

interface Moved {
  /** What happened, in words. */
  said?: string;
  /** What would happen, before it does. */
  ask?: string;
  /** Why it cannot be. */
  problem?: string;
}

const DAY_MS = 86_400_000;
const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

/** The day so many days away; plain dates, so no clock can shift them. */
export function away(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

function calendar(): HTMLElement | null {
  return document.querySelector<HTMLElement>("[data-calendar]");
}

function say(text: string): void {
  const line = calendar()?.querySelector<HTMLElement>("[data-calendar-said]");
  if (line) line.textContent = text;
}

/** Shows the calendar as it is now, with the focus where it was. */
async function refresh(post: string): Promise<void> {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-calendar]");
  if (fresh) calendar()?.replaceWith(document.adoptNode(fresh));
  document.querySelector<HTMLElement>(`[data-post="${CSS.escape(post)}"]`)?.focus();
}

function asked(question: string): Promise<boolean> {
  const dialog = document.querySelector<HTMLDialogElement>("dialog#move-ask");
  if (!dialog) return Promise.resolve(false);
  const text = dialog.querySelector<HTMLElement>("[data-ask]");
  if (text) text.textContent = question;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) => dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true }));
}

async function move(post: string, date: string, sure = false): Promise<void> {
  const body = new URLSearchParams({ post, date, ...(sure ? { sure: "yes" } : {}) });
  let moved: Moved;
  try {
    const answer = await fetch(calendar()?.dataset["move"] ?? "", { method: "POST", body, headers: { "HX-Request": "true" } });
    moved = (await answer.json()) as Moved;
  } catch {
    moved = { problem: "The server did not answer. Nothing was moved." };
  }
  if (moved.ask) {
    if (await asked(moved.ask)) await move(post, date, true);
    return;
  }
  if (moved.problem) {
    toast("warning", moved.problem);
    return;
  }
  await refresh(post);
  say(moved.said ?? "Moved.");
  toast("good", moved.said ?? "Moved.");
}

export function startCalendar(): void {
  if (!calendar()) return;
  on("dragstart", "a.entry[draggable]", (event, entry) => event.dataTransfer?.setData("application/x-gatepost-post", entry.dataset["post"] ?? ""));
  on("dragover", "li.day", (event, day) => {
    if (!event.dataTransfer?.types.includes("application/x-gatepost-post")) return;
    event.preventDefault();
    day.dataset["over"] = "";
  });
  on("dragleave", "li.day", (event, day) => {
    if (!day.contains(event.relatedTarget as Node | null)) delete day.dataset["over"];
  });
  on("drop", "li.day", (event, day) => {
    const post = event.dataTransfer?.getData("application/x-gatepost-post");
    delete day.dataset["over"];
    if (!post) return;
    event.preventDefault();
    void move(post, day.dataset["day"] ?? "");
  });
  on("keydown", "a.entry[draggable]", (event, entry) => {
    const step = event.altKey && !event.ctrlKey && !event.metaKey ? STEPS[event.key] : undefined;
    const day = entry.closest<HTMLElement>("[data-day]")?.dataset["day"];
    if (step === undefined || !day) return;
    event.preventDefault();
    void move(entry.dataset["post"] ?? "", away(day, step));
  });
}
