// Moving posts in the calendar: by dragging them to another day, with Alt and an arrow while one has the focus, or to a time given in a
// dialog; those that are selected move together. The server decides and says what that means; when an approval would be lost it asks
// first. Without scripts a post is moved on its own page.
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
const DRAGGED = "application/x-gatepost-post";
/** What is selected. It outlives the days that are shown anew after a move. */
const picked = new Set<string>();

/** Days from one date to another; plain dates, so no clock can shift them. */
export function between(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);
}

function calendar(): HTMLElement | null {
  return document.querySelector<HTMLElement>("[data-calendar]");
}

function entryOf(post: string): HTMLElement | null {
  return document.querySelector<HTMLElement>(`a.entry[data-post="${CSS.escape(post)}"]`);
}

function dayOf(entry: Element | null): string {
  return entry?.closest<HTMLElement>("[data-day]")?.dataset["day"] ?? "";
}

/** The post, with all that is selected when it is. */
function together(post: string): string[] {
  return picked.has(post) ? [...picked] : [post];
}

/** Shows what is selected. What is not on the page any more is not. */
function paint(): void {
  for (const post of [...picked]) if (!entryOf(post)) picked.delete(post);
  for (const box of document.querySelectorAll<HTMLInputElement>("[data-picks]")) {
    const entry = box.closest("li")?.querySelector<HTMLElement>("a.entry");
    box.checked = picked.has(entry?.dataset["post"] ?? "");
    entry?.toggleAttribute("data-selected", box.checked);
  }
  const bar = calendar()?.querySelector<HTMLElement>("[data-picked]");
  if (!bar) return;
  bar.hidden = picked.size === 0;
  const count = bar.querySelector<HTMLElement>("[data-picked-count]");
  if (count) count.textContent = `${picked.size} selected`;
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
  paint();
  entryOf(post)?.focus();
}

/** Opens a dialog and waits for its answer. */
function answered(dialog: HTMLDialogElement): Promise<boolean> {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) => dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true }));
}

function asked(question: string): Promise<boolean> {
  const dialog = document.querySelector<HTMLDialogElement>("dialog#move-ask");
  if (!dialog) return Promise.resolve(false);
  const text = dialog.querySelector<HTMLElement>("[data-ask]");
  if (text) text.textContent = question;
  return answered(dialog);
}

async function move(posts: string[], days: number, time = "", sure = false): Promise<void> {
  const body = new URLSearchParams([...posts.map((post) => ["post", post]), ["days", String(days)], ["time", time], ...(sure ? [["sure", "yes"]] : [])]);
  let moved: Moved;
  try {
    const answer = await fetch(calendar()?.dataset["move"] ?? "", { method: "POST", body, headers: { "HX-Request": "true" } });
    moved = (await answer.json()) as Moved;
  } catch {
    moved = { problem: "The server did not answer. Nothing was moved." };
  }
  if (moved.ask) {
    if (await asked(moved.ask)) await move(posts, days, time, true);
    return;
  }
  if (moved.problem) {
    toast("warning", moved.problem);
    return;
  }
  await refresh(posts[0] ?? "");
  say(moved.said ?? "Moved.");
  toast("good", moved.said ?? "Moved.");
}

/** Asks where to: for one post its own time stands in the field, several keep theirs when none is given. */
async function moveByHand(posts: string[]): Promise<void> {
  const dialog = document.querySelector<HTMLDialogElement>("dialog#move-when");
  const days = dialog?.querySelector<HTMLInputElement>("[name='move-days']");
  const time = dialog?.querySelector<HTMLInputElement>("[name='move-time']");
  if (!dialog || !days || !time || posts.length === 0) return;
  days.value = "";
  time.value = posts.length === 1 ? (entryOf(posts[0] ?? "")?.querySelector(".entry-time")?.textContent ?? "") : "";
  if (await answered(dialog)) await move(posts, Number(days.value), time.value);
}

function drags(): void {
  on("dragstart", "a.entry[draggable]", (event, entry) => event.dataTransfer?.setData(DRAGGED, entry.dataset["post"] ?? ""));
  on("dragover", "li.day", (event, day) => {
    if (!event.dataTransfer?.types.includes(DRAGGED)) return;
    event.preventDefault();
    day.dataset["over"] = "";
  });
  on("dragleave", "li.day", (event, day) => {
    if (!day.contains(event.relatedTarget as Node | null)) delete day.dataset["over"];
  });
  on("drop", "li.day", (event, day) => {
    const post = event.dataTransfer?.getData(DRAGGED);
    delete day.dataset["over"];
    if (!post) return;
    event.preventDefault();
    const days = between(dayOf(entryOf(post)), day.dataset["day"] ?? "");
    if (days !== 0) void move(together(post), days);
  });
}

export function startCalendar(): void {
  if (!calendar()) return;
  drags();
  on("keydown", "a.entry[draggable]", (event, entry) => {
    const step = event.altKey && !event.ctrlKey && !event.metaKey ? STEPS[event.key] : undefined;
    if (step === undefined) return;
    event.preventDefault();
    void move(together(entry.dataset["post"] ?? ""), step);
  });
  on("change", "[data-picks]", (_event, box) => {
    const post = box.closest("li")?.querySelector<HTMLElement>("a.entry")?.dataset["post"] ?? "";
    if ((box as HTMLInputElement).checked) picked.add(post);
    else picked.delete(post);
    paint();
  });
  on("click", "[data-picks-none]", () => {
    picked.clear();
    paint();
  });
  on("click", "[data-retimes]", (_event, button) => {
    const entry = button.closest("li")?.querySelector<HTMLElement>("a.entry");
    void moveByHand(entry ? together(entry.dataset["post"] ?? "") : [...picked]);
  });
}
