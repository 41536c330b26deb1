// From an idea to a published post and back: an author writes and submits, somebody else agrees, it goes out with its permalink and its
// story, is changed and deleted there; and the stop switch: its reason in every composer, what it held, and how that goes on.
import { OWNER, equal, flow, until } from "../desk.mjs";

const MANAGER = "mika@northwind.example";
const AUTHOR = "ada@northwind.example";
const FANS = "Kite fans (sandbox)";
const REASON = "A rumour about the workshop is going round; nothing goes out before noon.";

const saved = (page) => page.locator("[data-save-state]", { hasText: "Saved at" }).waitFor();
const text = (page) => page.getByRole("textbox", { name: "Text", exact: true }).first();

/** Writes a post and submits it; its address. */
async function submit(desk, page, title, words) {
  await page.goto(desk.at("/posts/new"));
  await page.locator("label.target", { hasText: FANS }).locator("input").check();
  await page.getByLabel("Title").fill(title);
  await text(page).fill(words);
  await saved(page);
  await page.getByRole("button", { name: "Review and submit" }).click();
  await page.getByRole("heading", { level: 1, name: "Review and submit" }).waitFor();
  await page.getByRole("button", { name: "Submit" }).click();
  await page.getByRole("heading", { name: "Story, as it is on record" }).waitFor();
  return page.url();
}

/** Loads the page anew until a state stands on it. */
const becomes = (page, address, state) =>
  until(async () => {
    await page.goto(address);
    return page.locator("main .badge", { hasText: state }).first().isVisible();
  }, `the post is ${state.toLowerCase()}`);

flow("publishing", (desk) => {
  let author;
  let owner;
  let manager;
  let address;
  return {
    "an author writes and submits, and others are asked": async () => {
      author = await desk.as(AUTHOR);
      address = await submit(desk, author, "Our oldest kite", "Our oldest kite is ninety years old and still flies.");
      await author.locator(".toast", { hasText: "those who have to agree are asked" }).waitFor();
      await author.locator("main .badge", { hasText: "Waiting for approval" }).first().waitFor();
      equal(await author.locator(".rail-count").count(), 0, "nothing waits for the author");
      await desk.look(author, "waiting");
    },
    "whoever has to agree sees on every page that something waits, finds it by its title, and agrees": async () => {
      owner = await desk.as(OWNER);
      await owner.locator("a.rail-link .rail-count", { hasText: "3" }).waitFor();
      await owner.goto(desk.at("/approvals"));
      const card = owner.getByRole("article", { name: "Our oldest kite" });
      await card.getByText("still flies").first().waitFor();
      await desk.look(owner, "asked");
      await card.getByRole("button", { name: "Approve" }).click();
      await owner.locator(".toast", { hasText: "Approved" }).waitFor();
      equal(await owner.getByRole("article", { name: "Our oldest kite" }).count(), 0, "cards of it");
      await owner.locator("a.rail-link .rail-count", { hasText: "2" }).waitFor();
    },
    "it goes out, leads to where it is, and tells its whole story with its proof": async () => {
      await becomes(author, address, "Published");
      const link = author.getByRole("link", { name: "See it there" });
      equal(/^https?:\/\/\S+/.test(await link.getAttribute("href")), true, "an address on the network");
      const story = author.locator("section, article", { has: author.getByRole("heading", { name: "Story, as it is on record" }) }).last();
      for (const told of ["Ada Author submitted version 1", "Ada Author asked those who have to agree", "Olive Owner approved", "attempt 1 to send it began", "is now published"]) {
        await story.getByText(told).first().waitFor();
      }
      await until(async () => {
        await author.reload();
        return (await author.getByText("On its way to the record").count()) === 0;
      }, "everything is on record");
      await author.getByText("On record as entry").first().waitFor();
      await desk.look(author, "published");
      equal(await author.getByRole("button", { name: "Delete there" }).count(), 0, "buttons to delete, for an author");
    },
    "its text is changed there, with a reason": async () => {
      manager = await desk.as(MANAGER);
      await manager.goto(address);
      await manager.getByRole("link", { name: "Change the text" }).click();
      await manager.getByRole("textbox", { name: "Text", exact: true }).fill("Our oldest kite is ninety-one years old and still flies.");
      await manager.getByLabel("Why").fill("We counted again.");
      await manager.getByRole("button", { name: "Submit the change" }).click();
      await until(async () => {
        await manager.goto(address);
        return manager.getByText("Change: Done").first().isVisible();
      }, "the change is done");
      await manager.locator(".preview", { hasText: "ninety-one" }).first().waitFor();
      await desk.look(manager, "changed");
      await until(async () => {
        await manager.goto(desk.at("/stream?network=sandbox"));
        return manager.locator("article.message", { hasText: "ninety-one" }).first().isVisible();
      }, "the change is captured from the network");
    },
    "it is deleted there, with a reason, and that is proven by looking": async () => {
      await manager.goto(address);
      await manager.getByRole("button", { name: "Delete there" }).click();
      const question = manager.getByRole("dialog");
      await question.getByLabel("Why").fill("It was said twice.");
      await desk.look(manager, "delete-asked");
      await question.getByRole("button", { name: "Delete it there" }).click();
      await until(async () => {
        await manager.goto(address);
        return manager.locator("main .badge", { hasText: "Deleted there" }).first().isVisible();
      }, "the deletion is done");
      await manager.getByText("deletion: done and read back").first().waitFor();
      equal(await manager.getByRole("button", { name: "Delete there" }).count(), 0, "nothing is left to delete");
      equal(await manager.getByRole("link", { name: "See it there" }).count(), 0, "it is not there to be seen");
      await desk.look(manager, "deleted");
    },
    "a pause holds: every composer says so with its reason, and what is submitted waits": async () => {
      await owner.goto(desk.at("/publishing"));
      await owner.getByLabel("What", { exact: true }).selectOption({ label: FANS });
      await owner.getByLabel("Reason").fill(REASON);
      await owner.getByRole("button", { name: "Pause publishing" }).click();
      await owner.getByText(`“${REASON}”`).waitFor();
      await manager.goto(desk.at("/posts/new"));
      equal(await manager.getByText(REASON).count(), 0, "the reason before a profile is chosen");
      await manager.locator("label.target", { hasText: FANS }).locator("input").check();
      await text(manager).fill("Kites for everybody");
      await manager.locator(".composer-side").getByText(REASON).waitFor();
      await desk.look(manager, "composer-paused");
      address = await submit(desk, manager, "Kites for everybody", "Kites for everybody, today at the beach");
      await becomes(manager, address, "Held");
      await desk.look(manager, "held");
    },
    "resuming sends nothing by itself: what was held waits in a list until somebody decides": async () => {
      await owner.goto(desk.at("/publishing"));
      const held = owner.locator("li", { hasText: "Kites for everybody" });
      await held.first().waitFor();
      await desk.look(owner, "paused");
      await owner.getByRole("button", { name: "Resume" }).click();
      await owner.getByText("Nothing is paused").waitFor();
      await owner.goto(address);
      await owner.locator("main .badge", { hasText: "Held" }).first().waitFor();
      await owner.goto(desk.at("/publishing"));
      await desk.look(owner, "triage");
      await held.getByRole("button", { name: "Send now" }).click();
      await becomes(owner, address, "Published");
      await owner.goto(desk.at("/publishing"));
      equal(await owner.getByText("Kites for everybody").count(), 0, "left in the list");
    },
  };
});
