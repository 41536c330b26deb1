// What pages do under a person's hands, in a real Chromium, against the gallery: keyboard, palette, dialogs, menus, filter, bulk
// selection, live updates and their loss; and the same without scripts. Prints "N passed, M failed".
//
//   node e2e/behaviour.mjs --base http://127.0.0.1:4180 --out ../artifacts/ui
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const WAIT_MS = 15_000;
const { values } = parseArgs({
  options: { base: { type: "string" }, out: { type: "string", default: "artifacts" }, chromium: { type: "string", default: process.env.CHROMIUM ?? "/usr/bin/chromium" } },
});
if (!values.base) {
  console.error("say which server to try: --base http://127.0.0.1:PORT");
  process.exit(2);
}
const out = resolve(values.out);
mkdirSync(out, { recursive: true });

/** name → steps(page, context); a step that throws fails the check. */
const CHECKS = {
  "Ctrl-K opens the palette, typing narrows it, Enter follows": async (page) => {
    await page.goto(at("page-people"));
    await page.keyboard.press("Control+k");
    await page.locator("#palette[open]").waitFor();
    await page.keyboard.type("invite");
    const shown = page.locator("#palette a.palette-item:visible");
    equal(await shown.count(), 1, "entries shown");
    equal(await shown.getAttribute("aria-selected"), "true", "first entry chosen");
    await picture(page, "palette");
    await page.keyboard.press("Enter");
    await page.waitForURL(/#go$/);
  },
  "the palette says when nothing is found and Escape closes it": async (page) => {
    await page.goto(at("page-people"));
    await page.keyboard.press("Control+k");
    await page.keyboard.type("zzzz");
    await page.locator("[data-palette-none]").waitFor();
    await page.keyboard.press("Escape");
    equal(await page.locator("#palette[open]").count(), 0, "open palettes");
  },
  "j, k and x move and select; the bar counts; shift-click takes a range": async (page) => {
    await page.goto(at("page-people"));
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    equal(await focusedId(page), "people-chidi", "second row has focus");
    await page.keyboard.press("k");
    equal(await focusedId(page), "people-ada", "first row has focus");
    await page.keyboard.press("x");
    await page.getByText("1 selected").waitFor();
    await page.locator("#people-frida .check").click({ modifiers: ["Shift"] });
    await page.getByText("3 selected").waitFor();
    await picture(page, "bulk");
    equal(await page.locator("[data-select-all]").evaluate((box) => box.indeterminate), true, "head box is half");
    await page.locator("[data-select-all]").click();
    await page.getByText("4 selected").waitFor();
    await page.getByRole("button", { name: "Clear" }).click();
    equal(await page.locator(".bulk-bar").isVisible(), false, "bar visible");
  },
  "slash focuses the filter, typing filters, the address follows, focus stays": async (page) => {
    await page.goto(at("page-people"));
    await page.keyboard.press("/");
    await page.keyboard.type("mus");
    await page.locator("#people tbody tr").filter({ hasText: "Frida Muster" }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll("#people tbody tr").length === 1);
    equal(await page.locator("#people .results-count").innerText(), "1 of 48 people", "count");
    equal(new URL(page.url()).search, "?q=mus", "address");
    await page.keyboard.type("x");
    await page.getByText("Nobody matches “musx”").waitFor();
    equal(await page.evaluate(() => document.activeElement?.getAttribute("name")), "q", "focus");
  },
  "question mark shows the keys, g then a letter goes": async (page) => {
    await page.goto(at("page-people"));
    await page.keyboard.press("?");
    await page.locator("#keys[open]").waitFor();
    await picture(page, "keys");
    await page.keyboard.press("?");
    equal(await page.locator("#keys[open]").count(), 0, "open key maps");
    await page.keyboard.press("g");
    await page.keyboard.press("i");
    await page.waitForURL(/#Inbox$/);
  },
  "letters do nothing while typing or when switched off": async (page) => {
    await page.goto(at("page-people"));
    await page.locator("input[data-filter]").fill("");
    await page.locator("input[data-filter]").press("?");
    equal(await page.locator("#keys[open]").count(), 0, "open key maps while typing");
    await page.evaluate(() => (document.documentElement.dataset.keys = "off"));
    await page.locator("h1").click();
    await page.keyboard.press("?");
    equal(await page.locator("#keys[open]").count(), 0, "open key maps when off");
    await page.keyboard.press("Control+k");
    await page.locator("#palette[open]").waitFor();
  },
  "a finding is explained on focus, and Escape hides it": async (page) => {
    await page.goto(at("page-inbox"));
    await page.locator("mark.finding").first().focus();
    const tip = page.locator(".finding-tip").first();
    await tip.waitFor();
    await picture(page, "finding");
    await page.keyboard.press("Escape");
    equal(await tip.isVisible(), false, "explanation visible");
  },
  "a card's own letter presses its own button": async (page) => {
    await page.goto(at("page-inbox"));
    await page.keyboard.press("j");
    equal(await focusedId(page), "card-1", "focused card");
    await page.keyboard.press("r");
    await page.waitForURL(/#act$/);
  },
  "the person's menu opens beside its button and the theme changes at once": async (page) => {
    await page.goto(at("page-people"));
    await page.locator("button.me").click();
    const menu = page.locator("#person-menu");
    await menu.waitFor();
    const box = await menu.boundingBox();
    const width = page.viewportSize().width;
    if (!box || box.x < width / 2 || box.x + box.width > width || box.y > 120) throw new Error(`menu is at ${JSON.stringify(box)}`);
    await picture(page, "menu");
    await page.getByRole("button", { name: "Dark" }).click();
    equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark", "theme");
    await page.waitForTimeout(300);
    await page.reload();
    equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark", "theme after reload");
  },
  "a password can be shown, a secret copied": async (page, context) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: values.base });
    await page.goto(at("page-sign-in"));
    await page.locator("#password").fill("correct horse");
    await page.getByRole("button", { name: "Show Password" }).click();
    equal(await page.locator("#password").getAttribute("type"), "text", "type");
    await page.goto(at("content"));
    await page.getByRole("button", { name: "Copy recovery codes" }).click();
    await page.getByText("Copied", { exact: true }).waitFor();
    equal((await page.evaluate(() => navigator.clipboard.readText())).split("\n").length, 8, "lines copied");
  },
  "a dialog opens, holds the focus and closes on the backdrop": async (page) => {
    await page.goto(at("dialogs"));
    await page.getByRole("button", { name: "Open a dialog" }).click();
    await page.locator("#sample-closed[open]").waitFor();
    await picture(page, "dialog");
    await page.mouse.click(5, 5);
    equal(await page.locator("#sample-closed[open]").count(), 0, "open dialogs");
  },
  "a button that is not available says why": async (page) => {
    await page.goto(at("actions"));
    await page.getByRole("button", { name: "Approve" }).click({ force: true });
    await page.locator(".toast", { hasText: "somebody else must approve it" }).waitFor();
  },
  "the word to type guards the gravest button": async (page) => {
    await page.goto(at("dialogs"));
    const button = page.getByRole("button", { name: /^Erase/ });
    equal(await button.getAttribute("aria-disabled"), "true", "guarded before");
    await page.locator("#sample-dispose-word").fill("erase");
    equal(await button.getAttribute("aria-disabled"), "false", "guarded after");
  },
  "live updates arrive, their loss is said, and they come back": async (page, context) => {
    await page.goto(at("page-inbox"));
    await page.locator("#live-count", { hasText: "Update" }).waitFor({ state: "attached" });
    equal(await page.locator(".offline-strip").isVisible(), false, "strip while live");
    await context.setOffline(true);
    await page.locator(".offline-strip").waitFor();
    await picture(page, "offline");
    await context.setOffline(false);
    await page.locator(".offline-strip").waitFor({ state: "hidden" });
  },
  "a partial request that fails says so and changes nothing": async (page) => {
    await page.goto(at("page-people"));
    await page.route("**/page-people?q=*", (route) => route.fulfill({ status: 500, body: "broken" }));
    await page.locator("input[data-filter]").fill("ada");
    await page.locator(".toast[data-tone=danger]").waitFor();
    equal(await page.locator("#people tbody tr").count(), 4, "rows");
  },
  "a refused form updates in place, keeps what was typed, and focuses the summary": async (page) => {
    await page.goto(at("page-invite"));
    await page.evaluate(() => (window.sameDocument = true));
    await page.locator("#name").fill("Ada");
    await page.locator("#email").fill("ada@meridian.example.test");
    await page.getByRole("button", { name: "Send invitation" }).click();
    await page.locator("[data-error-summary]").waitFor();
    equal(await page.evaluate(() => window.sameDocument), true, "same document");
    equal(await page.evaluate(() => document.activeElement?.hasAttribute("data-error-summary")), true, "focus on the summary");
    equal(await page.locator("#email").inputValue(), "ada@meridian.example.test", "what was typed");
    await picture(page, "refused");
    await page.locator("[data-error-summary] a").click();
    equal(await focusedId(page), "name", "focused field");
    await page.locator("#name").fill("Ada Example");
    await page.keyboard.press("Enter");
    await page.waitForURL(/page-people$/);
  },
  "a passkey is asked for and posted": async (page, context) => {
    await context.newCDPSession(page).then(async (devtools) => {
      await devtools.send("WebAuthn.enable");
      const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
      await devtools.send("WebAuthn.addVirtualAuthenticator", { options });
    });
    const url = new URL(values.base);
    const create = {
      rp: { id: url.hostname, name: "Gatepost" },
      user: { id: "YWRh", name: "ada@meridian.example.test", displayName: "Ada Example" },
      challenge: "Y2hhbGxlbmdl",
      pubKeyCredParams: [{ type: "public-key", alg: -7 }],
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    };
    const use = { challenge: "Y2hhbGxlbmdl", rpId: url.hostname, userVerification: "required" };
    let options = create;
    const posted = [];
    await page.route("**/_gallery/passkey/start", (route) => route.fulfill({ json: { publicKey: options } }));
    await page.route("**/_gallery/passkey", (route) => {
      posted.push(JSON.parse(new URLSearchParams(route.request().postData() ?? "").get("credential") ?? "{}"));
      return route.fulfill({ status: 204 });
    });
    await page.goto(at("forms"));
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await until(() => posted.length === 1, "the new passkey is posted");
    equal(typeof posted[0].response?.attestationObject, "string", "attestation");
    options = use;
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await until(() => posted.length === 2, "the used passkey is posted");
    equal(posted[1].id, posted[0].id, "the same passkey");
    equal(typeof posted[1].response?.signature, "string", "signature");
  },
  "a passkey that fails says so": async (page) => {
    await page.route("**/_gallery/passkey/start", (route) => route.fulfill({ status: 500 }));
    await page.goto(at("page-sign-in"));
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.locator(".toast[data-tone=warning]").waitFor();
  },
  "relative times stay true, in the server's own words": async (page) => {
    // The samples' now, as in crates/web/src/ui/time.rs.
    const now = 1_795_271_400_000;
    await page.clock.install({ time: now - 30_000 });
    await page.goto(at("marks"));
    const words = () => page.locator("time[data-relative]").allInnerTexts();
    const written = await words();
    await page.clock.fastForward(30_000);
    equal(JSON.stringify(await words()), JSON.stringify(written), "words of script and server at the same moment");
    await page.clock.fastForward(600_000);
    equal((await words()).includes("15 min ago") && (await words()).includes("in 5 min"), true, `ten minutes later: ${await words()}`);
  },
  "good toasts leave by themselves": async (page) => {
    await page.goto(at("page-people"));
    equal(await page.locator("#toasts .toast").count(), 1, "toasts at first");
    await page.locator("#toasts .toast").waitFor({ state: "detached" });
  },
};

const WITHOUT_SCRIPTS = {
  "without scripts: menu, dialog, filter and bulk bar work": async (page) => {
    await page.goto(at("page-people"));
    await page.locator("button.me").click();
    await page.locator("#person-menu").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#people-ada .check").click();
    await page.locator(".bulk-bar").waitFor();
    equal(await page.locator("[data-select-all]").isVisible(), false, "select all is offered");
    await page.locator("input[name=q]").fill("gus");
    await page.locator("input[name=q]").press("Enter");
    await page.waitForURL(/q=gus/);
    equal(await page.locator("#people tbody tr").count(), 1, "rows");
    await page.goto(at("dialogs"));
    await page.getByRole("button", { name: "Open a dialog" }).click();
    await page.locator("#sample-closed[open]").waitFor();
    await page.locator("#sample-closed").getByRole("button", { name: "Close" }).click();
    equal(await page.locator("#sample-closed[open]").count(), 0, "open dialogs");
  },
  "without scripts: a refused form comes back with what was typed, a passkey is not offered": async (page) => {
    await page.goto(at("page-invite"));
    await page.locator("#name").fill("Ada");
    await page.locator("#email").fill("ada");
    await page.getByRole("button", { name: "Send invitation" }).click();
    await page.locator("[data-error-summary]").waitFor();
    equal(await page.locator("#name").inputValue(), "Ada", "what was typed");
    equal(await page.locator(".field-error").count(), 2, "errors at fields");
    await page.goto(at("page-sign-in"));
    equal(await page.getByRole("button", { name: "Sign in with a passkey" }).count(), 0, "passkey buttons");
  },
  "without scripts: the search button leads to a page and the theme posts": async (page) => {
    await page.goto(at("page-people"));
    await page.locator(".search-button").click();
    await page.waitForURL(/\/_gallery\/dialogs$/);
    await page.locator("button.me").click();
    await page.getByRole("button", { name: "Dark" }).click();
    await page.waitForLoadState();
    equal(await page.locator("html").getAttribute("data-theme"), "dark", "theme");
  },
};

const browser = await chromium.launch({ executablePath: values.chromium, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
let passed = 0;
let failed = 0;
try {
  for (const [name, steps] of Object.entries(CHECKS)) await check(name, steps, {});
  for (const [name, steps] of Object.entries(WITHOUT_SCRIPTS)) await check(name, steps, { javaScriptEnabled: false });
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function check(name, steps, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  try {
    await steps(page, context);
    passed += 1;
    console.log(`✓ ${name}`);
  } catch (error) {
    failed += 1;
    console.error(`✗ ${name}: ${error.message}`);
    await page.screenshot({ path: `${out}/failed-${passed + failed}.png` }).catch(() => {});
  } finally {
    await context.close();
  }
}

function at(slug) {
  return new URL(`/_gallery/${slug}`, values.base).href;
}

/** Waits for something that happens outside the page. */
async function until(done, what) {
  for (const end = Date.now() + WAIT_MS; Date.now() < end; ) {
    if (done()) return;
    await new Promise((resume) => setTimeout(resume, 50));
  }
  throw new Error(`did not happen: ${what}`);
}

function focusedId(page) {
  return page.evaluate(() => document.activeElement?.id);
}

function equal(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

async function picture(page, name) {
  await page.screenshot({ path: `${out}/behaviour-${name}.png` });
}
