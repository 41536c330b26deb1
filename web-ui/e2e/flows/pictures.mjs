// Pictures on posts: pasted, dropped, cropped, put in order by keys; what the server has of them; words for those who do not see them; what
// is written in them; small ones wherever a page shows many. And a whole post by the keyboard alone, and on a phone.
import { equal, flow, until } from "../desk.mjs";

const MANAGER = "mika@northwind.example";
const FANS = "Kite fans (sandbox)";

const saved = (page) => page.locator("[data-save-state]", { hasText: "Saved at" }).waitFor();
const text = (page) => page.getByRole("textbox", { name: "Text", exact: true }).first();
const choose = (page, profile) => page.locator("label.target", { hasText: profile }).locator("input").check();
const medium = (page, name) => page.locator("li.medium", { hasText: name });

/** A picture of a size with words in it, drawn by the browser. */
const draw = (page, width, height, words = "") =>
  page.evaluate(
    async ([width, height, words]) => {
      const canvas = new OffscreenCanvas(width, height);
      const paint = canvas.getContext("2d");
      paint.fillStyle = "#fff";
      paint.fillRect(0, 0, width, height);
      paint.fillStyle = words ? "#000" : "#c33";
      paint.font = "48px DejaVu Sans";
      if (words) paint.fillText(words, 60, height / 2);
      else paint.fillRect(width / 4, height / 4, width / 2, height / 2);
      const blob = await canvas.convertToBlob({ type: "image/png" });
      return [...new Uint8Array(await blob.arrayBuffer())];
    },
    [width, height, words],
  );

/** Lets go of a file over an element, or pastes it there. */
const give = (page, how, target, name, bytes) =>
  target.evaluate(
    (element, [how, name, bytes]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
      const options = { bubbles: true, cancelable: true };
      const event = how === "paste" ? new ClipboardEvent("paste", { ...options, clipboardData: transfer }) : new DragEvent("drop", { ...options, dataTransfer: transfer });
      element.dispatchEvent(event);
    },
    [how, name, bytes],
  );

/** Width and height of what the server answers at an address. */
const sizeAt = (page, address) =>
  page.evaluate(async (address) => {
    const picture = await createImageBitmap(await (await fetch(address)).blob());
    return `${picture.width} × ${picture.height}`;
  }, address);

/** The address of the whole file behind a row of the composer. */
const fileOf = async (row) => `/media/${await row.getAttribute("data-medium")}`;

/** Goes on with a key until something has the focus. */
async function keyTo(page, target, what, key = "Tab") {
  for (let steps = 0; steps < 90; steps += 1) {
    if (await target.evaluate((element) => document.activeElement === element)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`not reached by ${key}: ${what}`);
}

flow("pictures", (desk) => {
  let page;
  let address;
  return {
    "a pasted picture is on the server, and keeps the post back until it has words": async () => {
      page = await desk.as(MANAGER);
      await page.goto(desk.at("/posts/new"));
      await choose(page, FANS);
      await text(page).fill("Seen at the beach");
      await saved(page);
      await page.waitForURL(/\/posts\/[0-9a-f-]{36}$/);
      address = page.url();
      await give(page, "paste", text(page), "pasted.png", await draw(page, 1600, 900));
      const row = medium(page, "pasted.png");
      await row.waitFor();
      equal(await sizeAt(page, await fileOf(row)), "1600 × 900", "the file on the server");
      equal(await row.locator("img").evaluate((image) => image.decode().then(() => `${image.naturalWidth} × ${image.naturalHeight}`)), "640 × 360", "the small picture");
      await row.locator(".note", { hasText: "Alt text missing" }).waitFor();
      await page.getByText("One thing keeps this from being submitted").waitFor();
      await desk.look(page, "without-words");
      await page.goto(`${address}/submit`);
      equal(await page.getByRole("button", { name: "Submit" }).count(), 0, "buttons to submit");
      await page.goto(address);
      await row.getByLabel("What it shows").fill("A red kite over the dunes");
      await saved(page);
      await row.locator(".note").first().waitFor({ state: "detached" });
      await page.reload();
      equal(await row.getByLabel("What it shows").inputValue(), "A red kite over the dunes", "words on the server");
    },
    "a file is dropped on the post, and put in its place by keys": async () => {
      await give(page, "drop", page.locator("[data-part='common.0']"), "dropped.png", await draw(page, 900, 900));
      await medium(page, "dropped.png").waitFor();
      await medium(page, "dropped.png").getByLabel("What it shows").fill("A kite on the ground");
      await saved(page);
      await medium(page, "dropped.png").getByRole("button", { name: "Move earlier" }).focus();
      await page.keyboard.press("Enter");
      await until(async () => (await page.locator("li.medium strong").allInnerTexts()).join() === "dropped.png,pasted.png", "their order changed");
      await page.reload();
      equal((await page.locator("li.medium strong").allInnerTexts()).join(), "dropped.png,pasted.png", "order on the server");
    },
    "a picture is cropped by keys, and the server has the cut with the same words": async () => {
      const row = medium(page, "pasted.png");
      await row.getByRole("button", { name: "Crop" }).focus();
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog", { name: "Crop" });
      await dialog.getByText("1600 × 900 pixels").waitFor();
      await keyTo(page, dialog.getByLabel("Shape"), "the shape");
      await page.keyboard.type("Square");
      await dialog.getByText("900 × 900 pixels").waitFor();
      await keyTo(page, dialog.getByLabel("Size, in per cent"), "the size");
      await page.keyboard.press("Home");
      await dialog.getByText("90 × 90 pixels").waitFor();
      await desk.look(page, "crop");
      await keyTo(page, dialog.getByRole("button", { name: "Use this" }), "the button");
      await page.keyboard.press("Enter");
      await until(async () => (await sizeAt(page, await fileOf(row))) === "90 × 90", "the cut is on the server");
      equal(await row.getByLabel("What it shows").inputValue(), "A red kite over the dunes", "words");
      await page.reload();
      equal(await sizeAt(page, await fileOf(row)), "90 × 90", "the file after loading again");
      await desk.look(page, "composer");
    },
    "the same file under another name has that name on another post": async () => {
      const bytes = await draw(page, 900, 900);
      await page.goto(desk.at("/posts/new"));
      await choose(page, FANS);
      await give(page, "drop", page.locator("[data-part='common.0']"), "another-name.png", bytes);
      await medium(page, "another-name.png").waitFor();
      await page.goto(address);
      await medium(page, "dropped.png").waitFor();
    },
    "what is written in a picture is looked at where it is read": async () => {
      await page.goto(desk.at("/posts/new"));
      await choose(page, FANS);
      await give(page, "drop", page.locator("[data-part='common.0']"), "notice.png", await draw(page, 1200, 300, "Write to jo.doe@example.org"));
      const note = medium(page, "notice.png").locator(".note", { hasText: "Written in the picture" });
      await note.waitFor();
      equal((await note.innerText()).includes("jo.doe"), false, "the value is repeated");
      await desk.look(page, "written-in-it");
    },
    "lists, calendar and approvals show small pictures": async () => {
      await page.goto(address);
      await page.getByLabel("Title").fill("Pictures of the beach");
      await page.getByLabel("Date and time").fill(`${new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)}T09:30`);
      await saved(page);
      await page.goto(desk.at("/posts"));
      const small = async (image) => equal(await image.evaluate((image) => image.decode().then(() => Math.max(image.naturalWidth, image.naturalHeight) <= 640 && image.naturalWidth > 0)), true, "a small picture");
      await small(page.getByRole("row", { name: /Pictures of the beach/ }).locator("img"));
      await desk.look(page, "posts");
      await page.goto(desk.at("/calendar?view=week"));
      const entry = page.locator("a.entry", { hasText: "Pictures of the beach" });
      if ((await entry.count()) === 0) await page.getByRole("link", { name: "After" }).click();
      await small(entry.locator("img"));
      await desk.look(page, "calendar");
      await page.goto(`${address}/submit`);
      await small(page.locator(".preview-media img").first());
      equal(await page.locator(".preview-media a").first().getAttribute("href").then((href) => sizeAt(page, href)), "900 × 900", "the whole picture behind it");
    },
    "a post is written and submitted by the keyboard alone": async () => {
      await page.goto(desk.at("/posts/new"));
      await keyTo(page, page.getByLabel("Title"), "the title");
      await page.keyboard.type("By keys");
      await keyTo(page, page.locator("label.target", { hasText: FANS }).locator("input"), "the profile");
      await page.keyboard.press("Space");
      await keyTo(page, text(page), "the text");
      await page.keyboard.type("Written without a mouse");
      await saved(page);
      await keyTo(page, page.locator("input[data-takes-files]"), "the files");
      await keyTo(page, page.getByRole("button", { name: "Review and submit" }), "review");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "Review and submit" }).waitFor();
      await keyTo(page, page.getByRole("button", { name: "Submit" }), "submit");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Story, as it is on record" }).waitFor();
    },
    "a phone has room for all of it": async () => {
      const phone = await desk.as(MANAGER, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
      await phone.goto(address);
      await medium(phone, "dropped.png").waitFor();
      equal(await phone.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, "sideways scrolling");
      await medium(phone, "dropped.png").getByRole("button", { name: "Crop" }).tap();
      const dialog = phone.getByRole("dialog", { name: "Crop" });
      await dialog.getByText("900 × 900 pixels").waitFor();
      const box = await dialog.getByRole("button", { name: "Use this" }).boundingBox();
      equal(box.x >= 0 && box.x + box.width <= 360, true, "the button within the screen");
      await phone.context().close();
    },
  };
});
