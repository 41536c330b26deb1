// Cropping a picture on a post: shape and cut by sliders, so that it works by the keyboard as well; the result is a new file that
// takes the old one's place. The picture is drawn here and sent like any other file.
import { on } from "./dom";
import { toast } from "./toasts";
import { take } from "./uploads";

interface Cut {
  left: number;
  top: number;
  width: number;
  height: number;
}

let picture: HTMLImageElement | null = null;
let part = "";
let media = "";

function dialog(): HTMLDialogElement | null {
  return document.querySelector<HTMLDialogElement>("dialog#crop");
}

function number(name: string): number {
  return Number(dialog()?.querySelector<HTMLInputElement | HTMLSelectElement>(`[name="crop-${name}"]`)?.value ?? 0);
}

/** The cut in pixels of the picture: a shape as large as `size` per cent allows, moved within what is left over. */
export function cut(width: number, height: number, shape: number, size: number, x: number, y: number): Cut {
  const wanted = shape || width / height;
  const fullWidth = Math.min(width, height * wanted);
  const cutWidth = Math.max(1, Math.round((fullWidth * size) / 100));
  const cutHeight = Math.max(1, Math.min(height, Math.round(cutWidth / wanted)));
  return { width: cutWidth, height: cutHeight, left: Math.round(((width - cutWidth) * x) / 100), top: Math.round(((height - cutHeight) * y) / 100) };
}

function draw(): Cut | null {
  const canvas = dialog()?.querySelector("canvas");
  if (!canvas || !picture) return null;
  const area = cut(picture.naturalWidth, picture.naturalHeight, number("shape"), number("size"), number("x"), number("y"));
  canvas.width = area.width;
  canvas.height = area.height;
  canvas.getContext("2d")?.drawImage(picture, area.left, area.top, area.width, area.height, 0, 0, area.width, area.height);
  const said = dialog()?.querySelector("[data-crop-size]");
  if (said) said.textContent = `${area.width} × ${area.height} pixels`;
  return area;
}

async function open(button: HTMLElement): Promise<void> {
  part = button.closest<HTMLElement>("[data-part]")?.dataset["part"] ?? "";
  media = button.dataset["crops"] ?? "";
  const image = new Image();
  image.src = `/media/${media}`;
  try {
    await image.decode();
  } catch {
    toast("warning", "This picture cannot be shown, so it cannot be cropped here.");
    return;
  }
  picture = image;
  dialog()?.showModal();
  draw();
}

function apply(): void {
  const canvas = dialog()?.querySelector("canvas");
  if (!canvas || !draw()) return;
  const [old, into] = [media, part];
  const name = document.querySelector(`[data-medium="${CSS.escape(old)}"] strong`)?.textContent ?? "picture.png";
  const type = /\.jpe?g$/i.test(name) ? "image/jpeg" : "image/png";
  canvas.toBlob((blob) => blob && void take(into, [new File([blob], name, { type })], (fresh) => `swap:${into}:${old}:${fresh}`), type, 0.92);
  dialog()?.close();
}

export function startCrop(): void {
  if (!dialog()) return;
  on("click", "[data-crops]", (_event, button) => void open(button));
  on("input", "dialog#crop [name^='crop-']", () => void draw());
  on("click", "[data-crop-applies]", apply);
}
