// What the flows share: the demo's people, signing in through the real page, looking at a page in every look, counting.
//
// A flow is called with the server's address, says what failed, and ends with the line "N passed, M failed".
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { chromium } from "playwright-core";

/** The password of every account of the demo; published on purpose. */
export const PASSWORD = "paper lanterns drift past noon";
export const OWNER = "olive@northwind.example";
/** One thing may take this long on a busy machine. */
export const WAIT_MS = 20_000;
/** What Chromium can draw in one piece. */
const PICTURE_HEIGHT_MAX_PX = 16_000;
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const LOOKS = [
  { name: "light", colorScheme: "light", width: 1360, height: 860 },
  { name: "dark", colorScheme: "dark", width: 1360, height: 860 },
  { name: "360", colorScheme: "light", width: 360, height: 740 },
];
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fills and sends the sign-in page; afterwards the page stands wherever that led, and it is not the sign-in page. */
export async function signIn(page, base, email, password = PASSWORD) {
  if (!page.url().includes("/sign-in")) await page.goto(new URL("/sign-in", base).href);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
}

export function equal(found, wanted, what) {
  if (found !== wanted) throw new Error(`${what}: found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`);
}

/** Something outside the page: asked again until it holds. */
export async function until(holds, what) {
  for (const end = Date.now() + WAIT_MS; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((resume) => setTimeout(resume, 100));
  }
  throw new Error(`did not come about: ${what}`);
}

/** The code of RFC 6238 for the present step, or some steps later. */
export function totp(base32, later = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...base32].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac("sha1", key).update(counter).digest();
  const offset = mac[mac.length - 1] & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Runs the steps in order, each named by what holds afterwards, and ends the process. `steps` is made from a `Desk`. */
export async function flow(name, makeSteps) {
  const address = process.argv[2];
  if (!address) {
    console.error(`say which server to try: node e2e/flows/${name}.mjs http://localhost:PORT`);
    process.exit(2);
  }
  const out = resolve(import.meta.dirname, "../../artifacts", name);
  mkdirSync(out, { recursive: true });
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
  // Passkeys and cookies belong to a name; the demo's own is localhost.
  const desk = new Desk(browser, address.replace("127.0.0.1", "localhost"), out);
  let passed = 0;
  let failed = 0;
  for (const [what, step] of Object.entries(makeSteps(desk))) {
    desk.noise.length = 0;
    try {
      await step();
      equal(desk.noise.join("; "), "", "console and policy");
      passed += 1;
      console.log(`✓ ${what}`);
    } catch (error) {
      failed += 1;
      console.error(`✗ ${what}\n  ${error.message.split("\n").slice(0, 8).join("\n  ")}`);
      await desk.pictureAll(`failed-${failed}`);
    }
  }
  await browser.close();
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

class Desk {
  constructor(browser, base, out) {
    this.browser = browser;
    this.base = base;
    this.out = out;
    /** What browsers complained about since the step began. */
    this.noise = [];
    this.pages = [];
  }

  at(path) {
    return new URL(path, this.base).href;
  }

  /** A browser of its own, with a page. */
  async open(options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(WAIT_MS);
    const page = await context.newPage();
    // Statuses that a step asks for on purpose are said by Chromium, too.
    page.on("console", (message) => message.type() === "error" && !/status of 4\d\d/.test(message.text()) && this.noise.push(message.text()));
    page.on("pageerror", (error) => this.noise.push(error.message));
    this.pages.push(page);
    return page;
  }

  /** A browser in which somebody is signed in. */
  async as(email, options = {}) {
    const page = await this.open(options);
    await signIn(page, this.base, email);
    return page;
  }

  /** Checks and pictures the page as it stands in light, dark and at 360 px. */
  async look(page, name) {
    const before = page.viewportSize();
    for (const { name: kind, colorScheme, ...size } of LOOKS) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize(size);
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      equal(sideways, 0, `${name} ${kind}: sideways scrolling`);
      // As tall as the page: what sticks to the edges then covers nothing, for the checks and in the picture.
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ width: size.width, height: Math.min(Math.max(height, size.height), PICTURE_HEIGHT_MAX_PX) });
      await page.evaluate(axeSource);
      const found = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] }), AXE_TAGS);
      const said = found.violations.map((violation) => `${violation.id} ${violation.nodes[0].target.join(" ")}: ${violation.nodes[0].failureSummary?.split("\n")[1]?.trim()}`);
      equal(said.join("; "), "", `${name} ${kind}: axe`);
      await page.screenshot({ path: `${this.out}/${name}.${kind}.png`, fullPage: true, animations: "disabled" });
    }
    await page.emulateMedia({ colorScheme: null, reducedMotion: "reduce" });
    await page.setViewportSize(before);
  }

  async pictureAll(name) {
    for (const [index, page] of this.pages.entries()) {
      if (page.isClosed()) continue;
      console.error(`  browser ${index + 1} is at ${page.url()}`);
      await page.screenshot({ path: `${this.out}/${name}-browser-${index + 1}.png`, fullPage: true }).catch(() => {});
    }
  }
}
