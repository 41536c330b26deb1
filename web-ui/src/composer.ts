// The composer while somebody types: counts, saving by itself, a copy in this browser until the server has it, and what the server
// answers put in its place. Without scripts the same form saves by its buttons.
//
// A save sends the whole form with the revision it was made from. The answer holds the parts of the page that may have changed, each
// with an id and data-swap; a conflict is such a part, too. Nothing that is being typed into is ever replaced.
import { type TextLimit, fits, length } from "./counting";
import { on } from "./dom";

/** Idle time after which what was typed is saved, and the longest time it waits while somebody goes on typing. */
const IDLE_MS = 900;
const WAIT_MS = 6_000;
/** Waits between attempts while the server does not answer. */
const RETRY_MS = 5_000;
/** A copy that nobody came back for is thrown away after a week. */
const KEEP_MS = 7 * 24 * 3_600_000;
const PREFIX = "gatepost:draft:";

type Field = [name: string, value: string];
interface Copy {
  at: number;
  fields: Field[];
}

let form: HTMLFormElement | null = null;
let dirtySince = 0;
let saving = false;
let stopped = false;
let timer = 0;

function value(name: string): string {
  const field = form?.elements.namedItem(name);
  return field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement ? field.value : "";
}

/** What the form would send, without files. */
function fields(): Field[] {
  return form ? [...new FormData(form)].filter((pair): pair is Field => typeof pair[1] === "string") : [];
}

// The copy in this browser.

function key(): string {
  return `${PREFIX}${form?.dataset["person"]}:${form?.dataset["post"] || "new"}`;
}

function keep(): void {
  try {
    localStorage.setItem(key(), JSON.stringify({ at: Date.now(), fields: fields() } satisfies Copy));
  } catch {
    // Full or forbidden: the server's copy has to do.
  }
}

function forget(): void {
  localStorage.removeItem(key());
}

function kept(): Copy | null {
  try {
    return JSON.parse(localStorage.getItem(key()) ?? "null") as Copy | null;
  } catch {
    return null;
  }
}

function throwOldAway(): void {
  for (const name of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
    const at = Number(/"at":(\d+)/.exec(localStorage.getItem(name) ?? "")?.[1]);
    if (!(Date.now() - at < KEEP_MS)) localStorage.removeItem(name);
  }
}

/** Two sets of fields say the same, whatever revision they are of and whichever empty fields one of them has. */
function same(one: Field[], two: Field[]): boolean {
  const plain = (list: Field[]) => list.filter(([name, value]) => name !== "revision" && value !== "").map(([name, value]) => `${name}=${value.replace(/\r\n?/g, "\n")}`).join("\u0000");
  return plain(one) === plain(two);
}

function offerRecovery(): void {
  const copy = kept();
  const offer = document.querySelector<HTMLElement>("[data-recovery]");
  if (!copy || !offer) return;
  if (same(copy.fields, fields())) {
    forget();
    return;
  }
  const when = offer.querySelector<HTMLElement>("[data-recovery-when]");
  if (when) when.textContent = new Date(copy.at).toLocaleString();
  const text = offer.querySelector<HTMLElement>("[data-recovery-text]");
  if (text) text.textContent = copy.fields.filter(([name]) => name.endsWith(".text")).map(([, value]) => value).join("\n\n").slice(0, 2_000);
  offer.hidden = false;
  // Until somebody has decided, nothing may be written over the copy.
  stopped = true;
}

async function recover(): Promise<void> {
  const copy = kept();
  if (!copy) return;
  const body = new URLSearchParams(copy.fields.map(([name, old]): Field => [name, name === "revision" ? value("revision") : old]));
  const answer = await post(body);
  if (answer?.ok) {
    forget();
    location.assign(answer.headers.get("gatepost-place") ?? location.pathname);
  }
}

// What is shown.

function say(state: string, tone = ""): void {
  const line = document.querySelector<HTMLElement>("[data-save-state]");
  if (!line) return;
  line.textContent = state;
  line.dataset["tone"] = tone;
}

function count(area: HTMLTextAreaElement): void {
  const subject = value(area.name.replace(/\.\d+\.text$/, ".subject"));
  for (const counter of document.querySelectorAll<HTMLOutputElement>(`output[data-counts="${CSS.escape(area.id)}"]`)) {
    const limit = JSON.parse(counter.dataset["limit"] ?? "{}") as TextLimit;
    const beside = limit.subject_counts ? length(subject, limit) : 0;
    counter.textContent = `${counter.dataset["label"]} ${length(area.value, limit) + beside} of ${limit.max}`;
    counter.toggleAttribute("data-over", !fits(area.value, limit, beside));
  }
}

function countAll(): void {
  form?.querySelectorAll<HTMLTextAreaElement>("textarea[data-writes]").forEach(count);
}

/** The marks stand behind the text for as long as the text is the one that was looked at. */
function mark(area: HTMLTextAreaElement): void {
  const behind = document.querySelector<HTMLElement>(`[data-marks-of="${CSS.escape(area.id)}"]`);
  const found = document.querySelector<HTMLElement>(`[data-marks="${CSS.escape(area.id)}"]`);
  if (!behind) return;
  const current = found !== null && found.textContent === area.value;
  behind.replaceChildren(...(current ? [...found.childNodes].map((node) => node.cloneNode(true)) : []));
  behind.scrollTop = area.scrollTop;
}

function markAll(): void {
  form?.querySelectorAll<HTMLTextAreaElement>("textarea[data-writes]").forEach(mark);
}

/** Puts the parts of an answer in their places. */
function put(html: string): void {
  const answer = new DOMParser().parseFromString(html, "text/html");
  for (const part of answer.querySelectorAll<HTMLElement>("[data-swap][id]")) {
    // What lies in another part comes with it: to put it in its own place once more would take it out.
    if (part.parentElement?.closest("[data-swap][id]")) continue;
    const place = document.getElementById(part.id);
    const focused = place?.contains(document.activeElement) ? document.activeElement?.id : "";
    place?.replaceWith(document.adoptNode(part));
    if (focused) document.getElementById(focused)?.focus();
  }
  countAll();
  markAll();
}

// Saving.

async function post(body: URLSearchParams): Promise<Response | null> {
  const address = form?.dataset["autosave"] ?? "";
  try {
    return await fetch(address, { method: "POST", body, headers: { "HX-Request": "true" } });
  } catch {
    return null;
  }
}

function learnPlace(answer: Response): void {
  const place = answer.headers.get("gatepost-place");
  const revision = answer.headers.get("gatepost-revision");
  const field = form?.elements.namedItem("revision");
  if (revision && field instanceof HTMLInputElement) field.value = revision;
  if (!place || !form || form.dataset["post"]) return;
  // A new post has an address of its own from its first save on.
  forget();
  form.dataset["post"] = place.split("/").pop() ?? "";
  form.action = place;
  form.dataset["autosave"] = `${place}/autosave`;
  history.replaceState(null, "", place);
}

/** Saves now, with something to do besides; answers whether it is saved. */
export async function save(act = ""): Promise<boolean> {
  if (!form || stopped) return false;
  if (saving) {
    await new Promise((resume) => setTimeout(resume, 150));
    return save(act);
  }
  saving = true;
  window.clearTimeout(timer);
  const body = new URLSearchParams(fields());
  if (act) body.set("do", act);
  dirtySince = 0;
  say("Saving…");
  const answer = await post(body);
  saving = false;
  if (answer && new URL(answer.url).pathname.startsWith("/sign-in")) {
    say("You are signed out. Your text is kept in this browser: sign in again and come back.", "warning");
    stopped = true;
    return false;
  }
  if (!answer || answer.status >= 500 || answer.status === 429) {
    say("Not saved yet: the server does not answer. Your text is kept in this browser.", "warning");
    dirtySince ||= Date.now();
    timer = window.setTimeout(() => void save(act), RETRY_MS);
    return false;
  }
  put(await answer.text());
  if (answer.status === 409) {
    say("Not saved: somebody else changed this post.", "warning");
    stopped = true;
    return false;
  }
  if (!answer.ok) {
    say("Not saved: something has to be changed first.", "warning");
    return false;
  }
  learnPlace(answer);
  if (dirtySince === 0) forget();
  say(`Saved at ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`);
  return true;
}

function changed(): void {
  if (!form || stopped) return;
  dirtySince ||= Date.now();
  keep();
  window.clearTimeout(timer);
  timer = window.setTimeout(() => void save(), Math.max(0, Math.min(IDLE_MS, dirtySince + WAIT_MS - Date.now())));
}

/** Acts on files take their effect in place; whatever changes the shape of the form loads the page anew. */
const IN_PLACE = /^(earlier|later|off|to|add|swap):/;

export function startComposer(): void {
  form = document.querySelector<HTMLFormElement>("form[data-composer]");
  if (!form) return;
  throwOldAway();
  offerRecovery();
  on("input", "form[data-composer] textarea[data-writes]", (_event, area) => {
    count(area as unknown as HTMLTextAreaElement);
    mark(area as unknown as HTMLTextAreaElement);
  });
  on("input", "form[data-composer] input[name$='.subject']", countAll);
  form.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.type === "file") return;
    changed();
  });
  form.addEventListener("scroll", (event) => event.target instanceof HTMLTextAreaElement && mark(event.target), true);
  on("click", "form[data-composer] button[name='do']", (event, button) => {
    const act = (button as HTMLButtonElement).value;
    if (!IN_PLACE.test(act)) return;
    event.preventDefault();
    void save(act);
  });
  // What is sent by a button is on its way to the server; the copy stays until a page without it is shown.
  form.addEventListener("submit", () => {
    stopped = true;
    window.clearTimeout(timer);
    keep();
  });
  on("click", "[data-recovers]", () => void recover());
  on("click", "[data-discards]", (_event, button) => {
    forget();
    stopped = false;
    const offer = button.closest<HTMLElement>("[data-recovery]");
    if (offer) offer.hidden = true;
  });
  markAll();
}
