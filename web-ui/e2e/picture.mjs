// Takes the picture of the README: the demo company's list of people, light, 1280 × 800.
//
//   node e2e/picture.mjs http://localhost:PORT ../docs/pictures/desk.png        (a server with the demo company)
import { chromium } from "playwright-core";
import { OWNER, signIn } from "./desk.mjs";

const [base, out, path = "/people"] = process.argv.slice(2);
if (!base || !out) {
  console.error("say which server and where to: node e2e/picture.mjs http://localhost:PORT FILE.png [PATH]");
  process.exit(2);
}
const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light", reducedMotion: "reduce" });
const page = await context.newPage();
await signIn(page, base, OWNER);
await page.goto(new URL(path, base).href);
await page.locator('html[data-live="on"]').waitFor();
await page.screenshot({ path: out, animations: "disabled" });
await browser.close();
