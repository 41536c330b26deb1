// Files on a post: chosen, dropped or pasted; checked against the networks' limits before a byte is sent, then sent in pieces with
// progress, and put on the post by a save. Their order is changed by dragging, too; the buttons beside them do the same.
import { save } from "./composer";
import { closest, on } from "./dom";
import { toast } from "./toasts";

interface NetworkLimit {
  label: string;
  /** Media type → most bytes. */
  types: Record<string, number>;
}

interface Begun {
  upload: string;
  piece_bytes: number;
}

const MEGABYTE = 1_000_000;

function limits(): NetworkLimit[] {
  // Each save brings them anew: they are those of the profiles that are chosen by now.
  return JSON.parse(document.getElementById("composer-limits")?.dataset["limits"] ?? "[]") as NetworkLimit[];
}

const megabytes = (bytes: number): string => `${(Math.ceil(bytes / (MEGABYTE / 10)) / 10).toFixed(1)} MB`;

interface Sized {
  name: string;
  type: string;
  size: number;
}

function takes(network: NetworkLimit, file: Sized): boolean {
  return file.size <= (network.types[file.type] ?? -1);
}

/** Why no network would take a file, or nothing. Said before the upload; the server checks what it gets. */
export function refusal(file: Sized, networks: NetworkLimit[]): string | null {
  if (networks.length === 0 || networks.some((network) => takes(network, file))) return null;
  const most = Math.max(...networks.map((network) => network.types[file.type] ?? -1));
  if (most < 0) return `${file.name}: none of the chosen profiles takes ${file.type || "this kind of file"}.`;
  return `${file.name} has ${megabytes(file.size)}; the most is ${megabytes(most)}.`;
}

/** Which of the chosen networks would not take a file that another one takes, or nothing. */
export function caution(file: Sized, networks: NetworkLimit[]): string | null {
  const refusing = networks.filter((network) => !takes(network, file)).map((network) => network.label);
  if (refusing.length === 0) return null;
  return `${file.name} (${megabytes(file.size)}) is not for ${refusing.join(", ")}: make it smaller, or give a version of its own there.`;
}

async function json<T>(address: string, body: URLSearchParams | Blob): Promise<T> {
  const answer = await fetch(address, { method: "POST", body, headers: { "HX-Request": "true" } });
  const said = (await answer.json().catch(() => ({}))) as T & { problem?: string };
  if (!answer.ok) throw new Error(said.problem ?? "The server did not take the file. Try again.");
  return said;
}

/** Sends a file in pieces; answers with its digest, by which it is known from now on. */
async function send(file: File, progress: HTMLProgressElement): Promise<string> {
  const begun = await json<Begun>("/media", new URLSearchParams({ file_name: file.name || "pasted.png", media_type: file.type, bytes: String(file.size) }));
  for (let at = 0, piece = 0; at < file.size; at += begun.piece_bytes, piece += 1) {
    await json(`/media/${begun.upload}/pieces/${piece}`, file.slice(at, at + begun.piece_bytes));
    progress.value = Math.min(at + begun.piece_bytes, file.size);
  }
  return (await json<{ media: string }>(`/media/${begun.upload}/finish`, new URLSearchParams())).media;
}

function line(part: string, file: File): { row: HTMLElement; progress: HTMLProgressElement } {
  const row = document.createElement("p");
  const progress = document.createElement("progress");
  progress.max = Math.max(file.size, 1);
  progress.value = 0;
  progress.setAttribute("aria-label", `Uploading ${file.name}`);
  row.append(`${file.name} `, progress);
  document.querySelector(`[data-part="${CSS.escape(part)}"] .uploads`)?.append(row);
  return { row, progress };
}

/** Uploads files one after the other and does with each what `act` says of its id. */
export async function take(part: string, files: Iterable<File>, act = (media: string) => `add:${part}:${media}`): Promise<void> {
  for (const file of files) {
    const refused = refusal(file, limits());
    if (refused) {
      toast("warning", refused);
      continue;
    }
    const cautioned = caution(file, limits());
    if (cautioned) toast("warning", cautioned);
    const { row, progress } = line(part, file);
    try {
      const media = await send(file, progress);
      await save(act(media));
    } catch (error) {
      toast("danger", error instanceof Error ? error.message : String(error));
    }
    row.remove();
  }
}

function partOf(element: Element | null): string {
  return element?.closest<HTMLElement>("[data-part]")?.dataset["part"] ?? "";
}

function reorder(): void {
  let dragged: HTMLElement | null = null;
  on("dragstart", "li.medium", (event, medium) => {
    dragged = medium;
    event.dataTransfer?.setData("text/plain", medium.dataset["medium"] ?? "");
  });
  on("dragend", "li.medium", () => (dragged = null));
  on("dragover", "li.medium", (event, medium) => {
    if (dragged && dragged.parentElement === medium.parentElement) event.preventDefault();
  });
  on("drop", "li.medium", (event, medium) => {
    if (!dragged || dragged === medium || dragged.parentElement !== medium.parentElement) return;
    event.preventDefault();
    event.stopPropagation();
    const place = [...(medium.parentElement?.children ?? [])].indexOf(medium);
    void save(`to:${partOf(medium)}:${dragged.dataset["medium"]}:${place}`);
  });
}

export function startUploads(): void {
  if (!document.querySelector("form[data-composer]")) return;
  on("change", "input[data-takes-files]", (_event, input) => {
    const field = input as HTMLInputElement;
    const files = [...(field.files ?? [])];
    field.value = "";
    void take(field.dataset["takesFiles"] ?? "", files);
  });
  on("paste", "textarea[data-writes]", (event, area) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void take(partOf(area), files);
  });
  const brings = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  on("dragover", "[data-drop]", (event, part) => {
    if (!brings(event)) return;
    event.preventDefault();
    part.dataset["over"] = "";
  });
  for (const type of ["dragleave", "drop", "dragend"] as const) {
    on(type, "[data-drop]", (event, part) => {
      if (type !== "dragleave" || !part.contains(event.relatedTarget as Node | null)) delete part.dataset["over"];
    });
  }
  document.addEventListener("drop", (event) => {
    const part = closest<HTMLElement>(event, "[data-drop]");
    if (!part || !brings(event)) return;
    event.preventDefault();
    void take(partOf(part), [...(event.dataTransfer?.files ?? [])]);
  });
  reorder();
}
