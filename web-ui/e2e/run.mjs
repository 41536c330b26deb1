// Looks at pages with a real Chromium: light, dark and 360 px, each with axe-core, and fails on any finding, console error, failed
// request, content-security-policy violation or sideways scrolling. Pictures go to the artefacts folder.
//
//   node e2e/run.mjs --base http://127.0.0.1:4180 --out ../artifacts/ui [--cookie name=value] [--session flow.mjs] /path /other …
//   node e2e/run.mjs --base … --paths-from pages.txt
//
// A module given by --session may export `prepare(context, base)`: it signs in before the pages are visited; and
// `resolvePath(context, base, path)`: the address that a listed path stands for. In a list, lines that begin with # are remarks.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

/** One page may take this long in one look, on a busy machine. */
const PAGE_WAIT_MS = 30_000;
/** What Chromium can draw in one piece; beyond it a sticky bar covers something and axe says so. */
const PICTURE_HEIGHT_MAX_PX = 16_000;
const LOOKS = [
  { name: "light", colorScheme: "light", viewport: { width: 1360, height: 860 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1360, height: 860 } },
  { name: "360", colorScheme: "light", viewport: { width: 360, height: 740 }, hasTouch: true },
];
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    base: { type: "string" },
    out: { type: "string", default: "artifacts" },
    cookie: { type: "string", multiple: true, default: [] },
    session: { type: "string" },
    "paths-from": { type: "string" },
    chromium: { type: "string", default: process.env.CHROMIUM ?? "/usr/bin/chromium" },
  },
});
if (!values.base) {
  console.error("say which server to look at: --base http://127.0.0.1:PORT");
  process.exit(2);
}
const listed = values["paths-from"] ? readFileSync(values["paths-from"], "utf8").split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#")) : [];
const paths = [...listed, ...positionals];
if (paths.length === 0) {
  console.error("name at least one path to look at");
  process.exit(2);
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const out = resolve(values.out);
mkdirSync(out, { recursive: true });
const flow = values.session ? await import(pathToFileURL(resolve(values.session)).href) : {};
const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const browser = await chromium.launch({ executablePath: values.chromium, args });
const findings = [];
const unclean = new Set();
let looked = 0;
try {
  for (const look of LOOKS) await visitAll(look);
} finally {
  await browser.close();
}
for (const finding of findings) console.error(`✗ ${finding}`);
const wanted = paths.length * LOOKS.length;
const failed = unclean.size;
console.log(`${paths.length} pages × ${LOOKS.length} looks, ${findings.length} findings; pictures in ${values.out}`);
console.log(`${wanted - failed} passed, ${failed} failed`);
process.exit(failed === 0 && looked === wanted ? 0 : 1);

async function visitAll(look) {
  const { name, ...options } = look;
  const context = await browser.newContext({ ...options, reducedMotion: "reduce" });
  if (values.cookie.length > 0) {
    await context.addCookies(values.cookie.map((pair) => ({ name: pair.slice(0, pair.indexOf("=")), value: pair.slice(pair.indexOf("=") + 1), url: values.base })));
  }
  await flow.prepare?.(context, values.base);
  for (const path of paths) await visit(context, name, path);
  await context.close();
}

async function visit(context, look, path) {
  const page = await context.newPage();
  page.setDefaultTimeout(PAGE_WAIT_MS);
  const report = (what) => {
    unclean.add(`${look} ${path}`);
    findings.push(`${look} ${path}: ${what}`);
  };
  page.on("console", (message) => {
    // A page that is meant to be a 404 or 403 says so in the console; what it loads must not.
    const ownStatus = message.location().url === page.url() && /status of 4\d\d/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !ownStatus) report(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => report(`script: ${error.message}`));
  page.on("requestfailed", (request) => request.failure()?.errorText !== "net::ERR_ABORTED" && report(`request: ${request.url()} ${request.failure()?.errorText}`));
  await page.addInitScript(() => {
    window.__violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.__violations.push(`${event.effectiveDirective} ${event.blockedURI}`));
  });
  try {
    const address = (await flow.resolvePath?.(context, values.base, path)) ?? path;
    const response = await page.goto(new URL(address, values.base).href, { waitUntil: "load" });
    if (!response || response.status() >= 500) report(`status ${response?.status()}`);
    // htmx starts in a task of its own after load.
    await page.waitForTimeout(60);
    for (const violation of await page.evaluate(() => window.__violations)) report(`policy: ${violation}`);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (sideways > 0) report(`scrolls sideways by ${sideways} px`);
    // A viewport as tall as the page puts what sticks to the edges where it belongs, for the checks and in the picture.
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width: page.viewportSize().width, height: Math.min(height, PICTURE_HEIGHT_MAX_PX) });
    await axe(page, report);
    await page.screenshot({ path: `${out}/${fileName(path)}.${look}.png`, animations: "disabled" });
    looked += 1;
  } catch (error) {
    report(`could not be looked at: ${error.message}`);
  } finally {
    await page.close();
  }
}

async function axe(page, report) {
  // Through the debugger, so that the page's own content security policy stays as strict as it is.
  await page.evaluate(axeSource);
  const result = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] }), AXE_TAGS);
  for (const violation of result.violations) {
    for (const node of violation.nodes.slice(0, 3)) report(`axe ${violation.id}: ${node.target.join(" ")}: ${node.failureSummary?.split("\n")[1]?.trim() ?? violation.help}`);
  }
}

function fileName(path) {
  return path.replace(/^[/{]/, "").replace(/[^\w.-]+/g, "_") || "index";
}
