// An export file is sent to the running server, counted, imported, and its books are there; what hangs on a message is downloaded.
import { readFileSync } from "node:fs";
import { equal, flow, OWNER, until, WAIT_MS } from "../desk.mjs";

const GOOD = 300;
/** JSON lines with a bad one after every tenth. */
const lines = Array.from({ length: GOOD }, (_, n) => {
  const good = JSON.stringify({ id: `e2e-${n}`, channel: { id: "c1", name: "old-times" }, author: { id: "u1", name: "Ada" }, time: 1_700_000_000_000 + n * 1000, text: `old message ${n}` });
  return n % 10 === 9 ? `${good}\n{"id":"bad"}\n` : `${good}\n`;
}).join("");

async function send(page, desk, then) {
  await page.goto(desk.at("/import"));
  await page.getByLabel("What it is").selectOption({ label: "JSON lines" });
  await page.getByLabel(then, { exact: false }).first().check();
  await page.getByLabel("File", { exact: true }).setInputFiles({ name: "old-times.jsonl", mimeType: "application/json", buffer: Buffer.from(lines) });
  await page.getByRole("button", { name: "Send" }).click();
}

flow("imports", (desk) => ({
  "a file that does not fit is refused at its field": async () => {
    const page = await desk.as(OWNER);
    await page.goto(desk.at("/import"));
    await page.getByLabel("What it is").selectOption({ label: "Slack export" });
    await page.getByLabel("File", { exact: true }).setInputFiles({ name: "x.zip", mimeType: "application/zip", buffer: Buffer.from("no archive") });
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("alert").waitFor();
    await desk.look(page, "refused-file");
  },
  "a file is counted without changing anything, then imported, and each refused item has its reason": async () => {
    const page = await desk.as(OWNER);
    await send(page, desk, "Count only");
    await page.waitForURL(/\/import\/files\//);
    // The page follows by itself.
    await page.getByText("Would be refused", { exact: true }).waitFor({ timeout: WAIT_MS });
    await desk.look(page, "counted");
    await page.getByRole("button", { name: "Import" }).click();
    await page.waitForURL(/\/import\/[0-9a-f-]+$/);
    await page.getByText("30 refused items", { exact: true }).waitFor({ timeout: WAIT_MS });
    equal(await page.getByText("Done", { exact: true }).count() > 0, true, "it says that it is done");
    await desk.look(page, "imported");
    await page.getByRole("link", { name: "in the stream" }).click();
    await page.getByText(`old message ${GOOD - 1}`).waitFor();
    await page.goto(desk.at("/import"));
    await desk.look(page, "imports");
  },
  "what hangs on a message is downloaded as it was": async () => {
    const page = await desk.as(OWNER);
    let href = "";
    await until(async () => {
      await page.goto(desk.at("/search?q=has%3Aattachment"));
      for (const link of await page.locator('a[href^="/messages/"]').evaluateAll((links) => links.map((link) => link.getAttribute("href")))) {
        await page.goto(desk.at(link));
        const found = page.locator('a[href*="/attachments/"]').first();
        if (await found.count()) {
          href = await found.getAttribute("href");
          return true;
        }
      }
      return false;
    }, "an attachment is on record");
    await desk.look(page, "with-attachment");
    const arriving = page.waitForEvent("download");
    await page.locator(`a[href="${href}"]`).click();
    const file = await arriving;
    equal(readFileSync(await file.path(), "utf8").startsWith("Sandbox note"), true, "the bytes of the sandbox's note");
  },
}));
