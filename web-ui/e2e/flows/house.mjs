// The house under people's hands, each in a browser of their own: looks and keys, lists, invitation, rights, live updates, suspension,
// step-up. Wants the demo company, and its folder in GATEPOST_DATA to let a proof of identity grow old.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { OWNER, PASSWORD, WAIT_MS, equal, flow, signIn, until } from "../desk.mjs";

const NEWCOMER = { name: "Wanda Weaver", email: "wanda@northwind.example" };
const ONE_PROFILE = "Customer care";

flow("house", (desk) => {
  let owner;
  let newcomer;
  let link = "";
  let personPath = "";
  return {
    "the owner signs in with the keyboard alone": async () => {
      owner = await desk.open();
      await owner.goto(desk.at("/sign-in"));
      await owner.getByLabel("E-mail address").focus();
      await owner.keyboard.type(OWNER);
      await owner.keyboard.press("Tab");
      await owner.keyboard.type(PASSWORD);
      await owner.keyboard.press("Enter");
      await owner.waitForURL(desk.at("/"));
      await owner.getByRole("heading", { level: 1, name: "Hello, Olive Owner" }).waitFor();
    },
    "Ctrl-K finds a place by another word for it, and Enter goes there": async () => {
      await owner.keyboard.press("Control+k");
      await owner.locator("#palette[open]").waitFor();
      await owner.keyboard.type("trail");
      equal(await owner.locator("#palette a.palette-item:visible").count(), 1, "entries");
      await desk.look(owner, "palette");
      await owner.keyboard.press("Enter");
      await owner.waitForURL(desk.at("/audit-log"));
    },
    "the palette has no more for a person than they may open": async () => {
      const author = await desk.as("ada@northwind.example");
      equal(await author.locator('#palette a[href="/jobs"]').count(), 0, "jobs for an author");
      equal(await author.locator('#palette a[href="/account"]').count(), 1, "account for an author");
      const answer = await author.goto(desk.at("/jobs"));
      equal(answer.status(), 403, "status");
      await desk.look(author, "no-right");
      await author.context().close();
    },
    "the theme changes at once and is kept": async () => {
      await owner.goto(desk.at("/people"));
      await owner.locator("button.me").click();
      await desk.look(owner, "menu");
      const answered = owner.waitForResponse((response) => response.url().endsWith("/account/theme"));
      await owner.getByRole("button", { name: "Dark" }).click();
      await answered;
      await until(() => owner.evaluate(() => document.documentElement.dataset.theme === "dark"), "dark at once");
      await owner.goto(desk.at("/people"));
      equal(await owner.locator("html").getAttribute("data-theme"), "dark", "theme of the next page");
      await setTheme(owner, "Auto");
    },
    "letters can be switched off, and Ctrl-K stays": async () => {
      await owner.goto(desk.at("/people"));
      await owner.keyboard.press("?");
      await owner.locator("#keys[open]").waitFor();
      await desk.look(owner, "keys");
      const answered = owner.waitForResponse((response) => response.url().endsWith("/account/letter-keys"));
      await owner.locator("#keys form button, #keys form input[type=checkbox]").first().click();
      await answered;
      await owner.goto(desk.at("/people"));
      equal(await owner.locator("html").getAttribute("data-keys"), "off", "letters");
      await owner.keyboard.press("?");
      await owner.keyboard.press("g");
      await owner.keyboard.press("h");
      equal(new URL(owner.url()).pathname, "/people", "page after g h");
      await owner.keyboard.press("Control+k");
      await owner.locator("#palette[open]").waitFor();
      await owner.request.post(desk.at("/account/letter-keys"), { form: { letters: "on" }, headers: { origin: desk.base } });
      await owner.goto(desk.at("/people"));
      equal(await owner.locator("html").getAttribute("data-keys"), null, "letters switched off again");
    },
    "g then a letter goes, j moves, Enter opens": async () => {
      await owner.keyboard.press("g");
      await owner.keyboard.press("h");
      await owner.waitForURL(desk.at("/"));
      await owner.goto(desk.at("/people"));
      await owner.keyboard.press("j");
      await owner.keyboard.press("Enter");
      await owner.getByRole("heading", { level: 1, name: "Ada Author" }).waitFor();
    },
    "a list filters while typing, and the address follows": async () => {
      await owner.goto(desk.at("/people"));
      // Under load the scripts start a moment after the page has loaded.
      await owner.locator('html[data-live="on"]').waitFor();
      await owner.keyboard.press("/");
      await owner.keyboard.type("mik");
      // The list asks while one types: the last answer is the one that counts.
      await until(() => new URL(owner.url()).search === "?q=mik", "the address follows");
      await until(async () => (await owner.locator("#list-people tbody tr").count()) === 1, "one row");
      equal(await owner.locator("#list-people tbody tr").innerText().then((text) => text.includes("Mika Manager")), true, "Mika");
      equal(await owner.locator("#list-people .results-count").innerText(), "1 person", "count");
    },
    "a filter is saved as a view, opened, and removed": async () => {
      await owner.goto(desk.at("/people?state=invited"));
      await owner.getByRole("button", { name: "Save view" }).click();
      await owner.locator("#save-view[open]").waitFor();
      await desk.look(owner, "save-view");
      await owner.locator("#save-view").getByLabel("Name").fill("Still to come");
      await owner.getByRole("button", { name: "Save the view" }).click();
      await owner.waitForURL(desk.at("/people?state=invited"));
      const views = owner.getByRole("navigation", { name: /Saved views/ });
      await owner.goto(desk.at("/people"));
      await desk.look(owner, "people-with-view");
      await views.getByRole("link", { name: "Still to come" }).click();
      await owner.waitForURL(desk.at("/people?state=invited"));
      await owner.getByRole("button", { name: "Remove this view" }).click();
      await owner.waitForURL(desk.at("/people"));
      equal(await views.count(), 0, "tabs of views");
    },
    "a long list is paged by cursor: no entry twice, none missing": async () => {
      await owner.goto(desk.at("/audit-log"));
      const numbers = (page) => page.locator("#list-audit-log tbody tr").evaluateAll((rows) => rows.map((row) => Number(row.cells[0].innerText)));
      const first = await numbers(owner);
      await owner.getByRole("link", { name: "Next" }).click();
      await owner.waitForURL(/after=/);
      const second = await numbers(owner);
      equal(first.length, 50, "entries of the first page");
      equal(second[0], first[first.length - 1] - 1, "first number of the second page");
      await desk.look(owner, "audit-log-second");
      await owner.goto(desk.at("/audit-log"));
      const newest = owner.locator("#list-audit-log tbody tr").first().locator("a").first();
      const number = await newest.innerText();
      await newest.click();
      await owner.getByRole("heading", { level: 1, name: `Entry ${number}` }).waitFor();
    },
    "an invitation is refused with what was typed, then made": async () => {
      await owner.goto(desk.at("/people/invite"));
      await owner.getByLabel("E-mail address").fill(OWNER);
      await owner.getByLabel("Name", { exact: true }).fill(NEWCOMER.name);
      await owner.getByRole("button", { name: "Make the invitation" }).click();
      await owner.locator("[data-error-summary]").waitFor();
      equal(await owner.getByLabel("Name", { exact: true }).inputValue(), NEWCOMER.name, "name kept");
      await desk.look(owner, "invite-refused");
      await owner.getByLabel("E-mail address").fill(NEWCOMER.email);
      await owner.getByRole("button", { name: "Make the invitation" }).click();
      await owner.getByRole("heading", { level: 1, name: `${NEWCOMER.name} is invited` }).waitFor();
      link = await owner.locator("#invitation-link").innerText();
      await desk.look(owner, "invited");
      personPath = await owner.getByRole("link", { name: "Go to the person" }).getAttribute("href");
    },
    "the link opens in another browser, refuses a common password, and lets in with a good one": async () => {
      newcomer = await desk.open();
      await newcomer.goto(link);
      await newcomer.getByText(NEWCOMER.email).first().waitFor();
      await desk.look(newcomer, "welcome");
      const password = newcomer.getByLabel("New password", { exact: true });
      await password.fill("password1234");
      await newcomer.getByRole("button", { name: "Set the password" }).click();
      await newcomer.locator("[data-error-summary]").waitFor();
      await desk.look(newcomer, "welcome-refused");
      await password.fill("four kettles under slow rain");
      await newcomer.getByRole("button", { name: "Set the password" }).click();
      await newcomer.getByRole("heading", { level: 1, name: `Hello, ${NEWCOMER.name}` }).waitFor();
      await desk.look(newcomer, "newcomer-home");
    },
    "the link works once": async () => {
      const other = await desk.open();
      const answer = await other.goto(link);
      equal(answer.status(), 404, "status");
      await other.getByRole("heading", { name: "This link does not work" }).waitFor();
      await other.context().close();
    },
    "who was given nothing sees no profile": async () => {
      await newcomer.goto(desk.at("/profiles"));
      await newcomer.getByText("No profiles").first().waitFor();
      await desk.look(newcomer, "profiles-none");
    },
    "a level for one profile shows exactly that profile": async () => {
      await owner.goto(desk.at(`${personPath}/rights`));
      await owner.getByLabel("What", { exact: true }).selectOption({ label: "Profiles: Read only" });
      await owner.getByLabel("Where", { exact: true }).selectOption({ label: `Profile: ${ONE_PROFILE}` });
      await owner.getByLabel(/^Why/).fill("Reads along in her first week");
      await owner.getByRole("button", { name: "Give it" }).click();
      await owner.locator("#list-grants tbody tr").filter({ hasText: ONE_PROFILE }).waitFor();
      await desk.look(owner, "rights-given");
      await newcomer.goto(desk.at("/profiles"));
      const rows = newcomer.locator("#list-profiles tbody tr");
      equal(await rows.count(), 1, "profiles");
      equal((await rows.innerText()).includes(ONE_PROFILE), true, ONE_PROFILE);
      equal((await rows.innerText()).includes("Read only"), true, "level");
      const other = await owner.goto(desk.at("/profiles")).then(() => owner.getByRole("link", { name: "The founder" }).getAttribute("href"));
      equal((await newcomer.goto(desk.at(other))).status(), 404, "another profile");
    },
    "an open page offers what somebody else changed": async () => {
      await newcomer.goto(desk.at("/profiles"));
      await newcomer.locator('html[data-live="on"]').waitFor();
      const profile = await owner.getByRole("link", { name: ONE_PROFILE, exact: true }).getAttribute("href");
      await owner.goto(desk.at(profile));
      await owner.getByRole("button", { name: "Pause" }).first().click();
      await desk.look(owner, "confirm-pause");
      await owner.locator("#pause").getByRole("button", { name: "Pause" }).click();
      await owner.getByText("Paused").first().waitFor();
      const news = newcomer.locator("#news");
      await news.getByText("Something on this page has changed").waitFor();
      await desk.look(newcomer, "news");
      await news.getByRole("link", { name: "Show" }).click();
      await newcomer.locator("#list-profiles").getByText("Paused").waitFor();
    },
    "a suspended person's stream ends, and their next request leads to sign-in": async () => {
      await newcomer.goto(desk.at("/profiles"));
      await newcomer.locator('html[data-live="on"]').waitFor();
      const ended = newcomer.waitForEvent("requestfinished", { predicate: (request) => request.url().includes("/live"), timeout: WAIT_MS });
      await owner.goto(desk.at(personPath));
      await owner.getByRole("button", { name: "Suspend" }).first().click();
      await owner.locator("#suspend[open]").waitFor();
      await desk.look(owner, "confirm-suspend");
      await owner.locator("#suspend").getByRole("button", { name: "Suspend" }).click();
      await owner.getByText("Suspended; what they own is listed below").first().waitFor();
      await desk.look(owner, "suspended");
      await ended;
      await newcomer.goto(desk.at("/profiles"));
      equal(new URL(newcomer.url()).pathname, "/sign-in", "page after suspension");
    },
    "a suspended person is not let in": async () => {
      await newcomer.getByLabel("E-mail address").fill(NEWCOMER.email);
      await newcomer.getByLabel("Password", { exact: true }).fill("four kettles under slow rain");
      await newcomer.getByRole("button", { name: "Sign in", exact: true }).click();
      await newcomer.getByRole("alert").first().waitFor();
      equal(new URL(newcomer.url()).pathname, "/sign-in", "page");
    },
    "a form that comes after the proof of identity grew old is kept through step-up": async () => {
      await owner.goto(desk.at("/people/invite"));
      await owner.getByLabel("E-mail address").fill("late@northwind.example");
      await owner.getByLabel("Name", { exact: true }).fill("Lena Late & Co");
      await owner.getByLabel(/^Auditor/).check();
      proofsGrowOld();
      await owner.getByRole("button", { name: "Make the invitation" }).click();
      await owner.getByRole("heading", { level: 1, name: "Is it still you?" }).waitFor();
      await desk.look(owner, "step-up-kept");
      await owner.getByLabel("Password", { exact: true }).fill("not it at all, really");
      await owner.getByRole("button", { name: "It is me" }).click();
      await owner.locator("[data-error-summary]").waitFor();
      await owner.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await owner.getByRole("button", { name: "It is me" }).click();
      await owner.getByRole("heading", { level: 1, name: "Thank you, it is you" }).waitFor();
      await desk.look(owner, "step-up-go-on");
      await owner.getByRole("button", { name: "Go on with what you were doing" }).click();
      await owner.getByRole("heading", { level: 1, name: "Lena Late & Co is invited" }).waitFor();
      await owner.getByRole("link", { name: "Go to the person" }).click();
      await owner.getByRole("link", { name: "What they can do, and why" }).click();
      await owner.locator("#list-grants").getByRole("link", { name: "Auditor" }).first().waitFor();
    },
  };

  async function setTheme(page, label) {
    await page.locator("button.me").click();
    const answered = page.waitForResponse((response) => response.url().endsWith("/account/theme"));
    await page.getByRole("button", { name: label }).click();
    await answered;
  }

  /** Eleven minutes pass for every proof of identity: one more than it counts. */
  function proofsGrowOld() {
    const database = join(process.env.GATEPOST_DATA ?? "", "gatepost.db");
    const code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=10); c.execute('UPDATE sessions SET stepped_up_at_ms = stepped_up_at_ms - 660000'); c.commit()";
    const done = spawnSync("python3", ["-c", code, database], { encoding: "utf8" });
    equal(done.status, 0, `the database in GATEPOST_DATA: ${done.stderr}`);
  }
});
