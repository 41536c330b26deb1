// The same desk in a browser without scripts: sign in, invite, change a setting, filter, save a view, suspend, sign out.
import { OWNER, equal, flow, signIn } from "../desk.mjs";

flow("without-scripts", (desk) => {
  let page;
  return {
    "signing in, with a wrong password first": async () => {
      page = await desk.open({ javaScriptEnabled: false });
      await page.goto(desk.at("/people"));
      await page.getByLabel("E-mail address").fill(OWNER);
      await page.getByLabel("Password", { exact: true }).fill("certainly not this one");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByRole("alert").first().waitFor();
      equal(await page.getByRole("button", { name: "Sign in with a passkey" }).count(), 0, "passkey buttons");
      await signIn(page, desk.base, OWNER);
      await page.waitForURL(desk.at("/people"));
    },
    "filtering by Enter": async () => {
      await page.getByRole("searchbox").fill("cleo");
      await page.getByRole("searchbox").press("Enter");
      await page.waitForURL(/q=cleo/);
      equal(await page.locator("#list-people tbody tr").count(), 1, "rows");
    },
    "inviting": async () => {
      await page.goto(desk.at("/people/invite"));
      await page.getByLabel("E-mail address").fill("plain@northwind.example");
      await page.getByLabel("Name", { exact: true }).fill("Petra Plain");
      await page.getByRole("button", { name: "Make the invitation" }).click();
      await page.getByRole("heading", { level: 1, name: "Petra Plain is invited" }).waitFor();
      equal((await page.locator("#invitation-link").innerText()).startsWith(`${desk.base}/door/`), true, "link");
    },
    "suspending, through the question in its dialog": async () => {
      await page.getByRole("link", { name: "Go to the person" }).click();
      await page.getByRole("button", { name: "Suspend" }).first().click();
      await page.locator("#suspend[open]").waitFor();
      await page.locator("#suspend").getByRole("button", { name: "Suspend" }).click();
      await page.locator("main").getByText("Suspended", { exact: true }).first().waitFor();
    },
    "changing a setting, refused and then taken": async () => {
      await page.goto(desk.at("/settings/workspace"));
      const zone = page.getByLabel("Time zone");
      const before = await zone.inputValue();
      await zone.fill("Europe/Nowhere");
      await page.getByRole("button", { name: "Save" }).click();
      await page.locator("[data-error-summary]").waitFor();
      equal(await zone.inputValue(), "Europe/Nowhere", "what was typed");
      await zone.fill("Europe/Berlin");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Saved").first().waitFor();
      await page.goto(desk.at("/settings/workspace"));
      equal(await zone.inputValue(), "Europe/Berlin", "stored");
      await zone.fill(before);
      await page.getByRole("button", { name: "Save" }).click();
    },
    "the theme and the way out are forms": async () => {
      await page.locator("button.me").click();
      await page.getByRole("button", { name: "Dark" }).click();
      await page.locator('html[data-theme="dark"]').waitFor();
      await page.locator("button.me").click();
      await page.getByRole("button", { name: "Auto" }).click();
      await page.locator('html[data-theme="system"]').waitFor();
      await page.locator("button.me").click();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.waitForURL(/\/sign-in/);
      await page.goto(desk.at("/people"));
      equal(new URL(page.url()).pathname, "/sign-in", "page after signing out");
    },
  };
});
