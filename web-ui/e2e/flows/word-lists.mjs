// Word lists: refused by line, tried on what was captured, saved, changed by two people at once, a pack taken over, and what a draft says.
import { OWNER, equal, flow } from "../desk.mjs";

const AUTHOR = "ada@northwind.example";

flow("word-lists", (desk) => {
  let owner;
  return {
    "a list is refused with its lines, tried and saved": async () => {
      const page = await desk.as(OWNER);
      await page.goto(desk.at("/word-lists/new"));
      await page.getByLabel("Name", { exact: true }).fill("Weather");
      await page.getByLabel("Code", { exact: true }).fill("weather");
      await page.getByLabel("Lines", { exact: true }).fill("wind\nw*\nlevel huge");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("2 things need a change").waitFor();
      await desk.look(page, "refused");
      await page.getByLabel("Lines", { exact: true }).fill("wind~\nstorm~");
      await page.getByRole("button", { name: "Try it first" }).click();
      await page.getByRole("heading", { name: /Would be found: \d+/ }).waitFor();
      await desk.look(page, "tried");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("LISTED_TERM.weather").first().waitFor();
      await page.context().close();
    },
    "two people at once: the slower one sees both": async () => {
      owner = await desk.as(OWNER);
      await owner.goto(desk.at("/word-lists"));
      await owner.getByRole("link", { name: "Weather" }).click();
      await owner.getByRole("link", { name: "Change" }).click();
      const other = await owner.context().newPage();
      await other.goto(owner.url());
      await other.getByLabel("Lines", { exact: true }).fill("wind~\nbreeze");
      await other.getByRole("button", { name: "Save", exact: true }).click();
      await other.getByText("Saved as version 2").waitFor();
      await other.close();
      await owner.getByLabel("Lines", { exact: true }).fill("gust~");
      await owner.getByRole("button", { name: "Save", exact: true }).click();
      await owner.getByText(/saved this list/).waitFor();
      await desk.look(owner, "conflict");
      await owner.getByRole("button", { name: "Save mine over it" }).click();
      await owner.getByText("Saved as version 3").waitFor();
      await owner.getByRole("link", { name: "Version 1" }).first().click();
      await owner.getByText("This is what it said once").waitFor();
      await desk.look(owner, "version");
    },
    "a starter pack becomes a list, and is switched off": async () => {
      await owner.goto(desk.at("/word-lists"));
      await owner.getByRole("button", { name: /Take over/ }).first().click();
      await owner.getByText("The pack is a list of your own now").waitFor();
      await owner.getByRole("button", { name: "Switch it off" }).click();
      await owner.getByText("Switched off").first().waitFor();
    },
    "a rule chooses by a list": async () => {
      await owner.goto(desk.at("/workflows"));
      await owner.getByRole("region", { name: "Competitors go through Legal" }).getByRole("link", { name: "Change" }).click();
      equal(await owner.getByLabel(/^Competitors/).isChecked(), true, "the list is chosen");
      await desk.look(owner, "rule");
    },
    "a draft says what is never published": async () => {
      const page = await desk.as(AUTHOR);
      await page.goto(desk.at("/posts"));
      await page.getByRole("link", { name: "Sneak preview" }).first().click();
      await page.getByText(/is never published/).first().waitFor();
      await desk.look(page, "never-published");
      await page.context().close();
    },
  };
});
