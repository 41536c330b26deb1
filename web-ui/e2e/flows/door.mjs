// The door and the own account in a real Chromium, with the browser's virtual authenticator for passkeys: wrong password, way back,
// passkey as sole sign-in and as second factor, authenticator app, recovery code, step-up, token, sessions; each page looked at with
// axe-core in light, dark and 360 px. Prints "N passed, M failed".
//
//   node e2e/flows/door.mjs http://127.0.0.1:PORT        (a server with the demo company)
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { chromium } from "playwright-core";
import { PASSWORD, totp } from "../desk.mjs";

const WAIT_MS = 10_000;
const EMAIL = "mika@northwind.example";
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const LOOKS = [
  { name: "light", colorScheme: "light", width: 1360 },
  { name: "dark", colorScheme: "dark", width: 1360 },
  { name: "360", colorScheme: "light", width: 360 },
];

if (!process.argv[2]) {
  console.error("say which server to try: node e2e/flows/door.mjs http://127.0.0.1:PORT");
  process.exit(2);
}
// Passkeys belong to a name; the demo's own is localhost.
const base = process.argv[2].replace("127.0.0.1", "localhost");
const out = resolve(import.meta.dirname, "../../../artifacts/door");
mkdirSync(out, { recursive: true });
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
const context = await browser.newContext({ reducedMotion: "reduce" });
const page = await context.newPage();
page.setDefaultTimeout(WAIT_MS);
const noise = [];
page.on("console", (message) => message.type() === "error" && !/status of 4\d\d/.test(message.text()) && noise.push(message.text()));
page.on("pageerror", (error) => noise.push(error.message));
const cdp = await context.newCDPSession(page);
await cdp.send("WebAuthn.enable");
const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
  options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: false },
});
/** Puts the finger on the authenticator for one act; otherwise autofill would sign in on its own. */
async function touching(act) {
  await cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: true });
  try {
    return await act();
  } finally {
    await cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: false });
  }
}

const STEPS = {
  "a page asked for by nobody leads to sign-in, a wrong password keeps the address, the right one leads back": async () => {
    await page.goto(`${base}/profiles`);
    await look("sign-in");
    await signIn("not the password of anybody");
    await page.getByRole("alert").waitFor();
    equal(await page.getByLabel("E-mail address").inputValue(), EMAIL, "address kept");
    equal(await page.getByLabel("Password", { exact: true }).inputValue(), "", "password not kept");
    await look("sign-in-wrong");
    await signIn(PASSWORD);
    await page.waitForURL(`${base}/profiles`);
  },
  "a passkey is added and recovery codes are shown once": async () => {
    await page.goto(`${base}/account/second-factor`);
    await look("second-factor-add");
    await touching(async () => {
      await page.getByRole("button", { name: "Add a passkey" }).click();
      await page.getByRole("heading", { name: "The passkey is added" }).waitFor();
    });
    equal(await page.locator("#recovery-codes li").count(), 10, "recovery codes");
    recoveryCode = await page.locator("#recovery-codes li").first().innerText();
    await look("recovery-codes");
    await page.goto(`${base}/account`);
    await page.getByText("10 unused").waitFor();
    await look("account");
  },
  "the passkey alone signs in, by its button or by autofill": async () => {
    await signOut();
    await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
    await touching(async () => {
      // Autofill may be first, and then the button is gone with its page.
      await page.getByRole("button", { name: "Sign in with a passkey" }).click({ timeout: 3_000 }).catch(() => undefined);
      await page.waitForURL(`${base}/`);
    });
    await page.getByRole("heading", { level: 1, name: /Mika Manager/ }).waitFor();
  },
  "after the password the passkey is asked for, and nothing opens before": async () => {
    await signOut();
    await signIn(PASSWORD);
    await page.waitForURL(/\/sign-in\/second-factor/);
    await look("second-factor");
    await page.goto(`${base}/account`);
    await page.waitForURL(/\/sign-in\?then=/);
    await signIn(PASSWORD);
    await page.waitForURL(/\/sign-in\/second-factor/);
    await touching(async () => {
      await page.getByRole("button", { name: "Use your passkey" }).click();
      await page.waitForURL(`${base}/account`);
    });
  },
  "an authenticator app is set up with the key beside the QR code and refuses a wrong code": async () => {
    await page.goto(`${base}/account/second-factor`);
    await page.getByLabel("Name of the device").fill("Telephone");
    await page.getByRole("button", { name: "Set up an authenticator app" }).click();
    await page.getByRole("img", { name: "QR code for the authenticator app" }).waitFor();
    await look("authenticator");
    secret = await page.locator("#totp-secret").innerText();
    await page.getByLabel("Code that the app shows now").fill("000000");
    await page.getByRole("button", { name: "Switch it on" }).click();
    await page.getByRole("alert").waitFor();
    equal(await page.locator("#totp-secret").innerText(), secret, "the same key");
    await page.getByLabel("Code that the app shows now").fill(totp(secret, 0));
    await page.getByRole("button", { name: "Switch it on" }).click();
    await page.waitForURL(`${base}/account`);
    await page.getByText("Telephone, set up").waitFor();
  },
  "its code is the second factor": async () => {
    await signOut();
    await signIn(PASSWORD);
    await page.waitForURL(/\/sign-in\/second-factor/);
    // The code that set it up is used; the next one counts already.
    await page.getByLabel("Code from your authenticator app").fill(totp(secret, 1));
    await page.getByRole("button", { name: "Go on" }).click();
    await page.waitForURL(`${base}/`);
  },
  "a recovery code stands in and leads to the account": async () => {
    await signOut();
    await signIn(PASSWORD);
    await page.waitForURL(/\/sign-in\/second-factor/);
    await page.getByText("take a recovery code").click();
    await page.getByLabel("Recovery code").fill(recoveryCode);
    await page.getByRole("button", { name: "Use the recovery code" }).click();
    await page.waitForURL(`${base}/account`);
    await page.getByText("9 unused").waitFor();
  },
  "a step-up by passkey leads back": async () => {
    await page.goto(`${base}/step-up?then=%2Faccount%2Fpassword`);
    await look("step-up");
    await touching(async () => {
      await page.getByRole("button", { name: "Use your passkey" }).click();
      await page.waitForURL(`${base}/account/password`);
    });
    await look("password");
  },
  "a token is made, shown once, and revoked": async () => {
    await page.goto(`${base}/account/tokens/new`);
    await look("token-new");
    await page.getByLabel("What is it for?").fill("Nightly export");
    await page.getByLabel("account:read").check();
    await page.getByRole("button", { name: "Make the token" }).click();
    const token = await page.locator("#api-token").innerText();
    equal(token.startsWith("gp_"), true, "prefix");
    await look("token");
    await page.goto(`${base}/account`);
    equal((await page.content()).includes(token), false, "shown again");
    await page.getByRole("button", { name: /^Revoke\s*: Nightly export$/ }).click();
    await page.getByText("Revoked").first().waitFor();
    await look("account-full");
  },
  "asking for a reset answers without telling": async () => {
    await signOut();
    await page.getByRole("link", { name: "Password forgotten?" }).click();
    await look("forgotten");
    await page.getByLabel("E-mail address").fill("nobody@northwind.example");
    await page.getByRole("button", { name: "Ask for a reset" }).click();
    await page.getByText("Request received").waitFor();
    await page.goto(`${base}/door/made-up`);
    await page.getByRole("heading", { name: "This link does not work" }).waitFor();
    await look("link-gone");
  },
};

let secret = "";
let recoveryCode = "";
let passed = 0;
let failed = 0;
for (const [name, step] of Object.entries(STEPS)) {
  noise.length = 0;
  try {
    await step();
    equal(noise.join("; "), "", "console");
    passed += 1;
  } catch (error) {
    failed += 1;
    console.error(`✗ ${name}\n  ${error.message.split("\n").slice(0, 6).join("\n  ")}\n  at ${page.url()}`);
    await page.screenshot({ path: `${out}/failed-${failed}.png`, fullPage: true });
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function signIn(password) {
  await page.getByLabel("E-mail address").fill(EMAIL);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

async function signOut() {
  // The menu's own form, sent as a person without scripts could.
  await page.goto(`${base}/account`);
  await page.evaluate(() => document.querySelector('form[action="/sign-out"]').requestSubmit());
  await page.waitForURL(/\/sign-in/);
}

/** Checks and pictures the page as it stands in every look. */
async function look(name) {
  for (const { name: kind, colorScheme, width } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 860 });
    // A viewport as tall as the page puts what sticks to the edges where it belongs.
    await page.setViewportSize({ width, height: await page.evaluate(() => Math.min(document.documentElement.scrollHeight, 6_000)) });
    // Colours that are still on their way to the other theme would be measured half-way.
    await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))));
    await page.waitForTimeout(60);
    await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))));
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    equal(sideways, 0, `${name} ${kind}: sideways scrolling`);
    await page.evaluate(axeSource);
    const found = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] }), AXE_TAGS);
    const said = found.violations.map((violation) => `${violation.id} ${violation.nodes[0].target.join(" ")}: ${violation.nodes[0].failureSummary?.split("\n")[1]?.trim()}`);
    equal(said.join("; "), "", `${name} ${kind}: axe`);
    await page.screenshot({ path: `${out}/${name}.${kind}.png`, fullPage: true, animations: "disabled" });
  }
  await page.setViewportSize({ width: 1360, height: 860 });
}

function equal(found, wanted, what) {
  if (found !== wanted) throw new Error(`${what}: found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`);
}
