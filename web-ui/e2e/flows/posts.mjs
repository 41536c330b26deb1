// Writing and planning posts: the composer with scripts (saving by itself, counts, marks, files, a crash of the browser, two people at
// one post), without scripts, the calendar by dragging and by keys, import, and a post that goes out and comes back in the stream.
import { equal, flow, until } from "../desk.mjs";

const MANAGER = "mika@northwind.example";
const AUTHOR = "ada@northwind.example";
const FANS = "Kite fans (sandbox)";
/** A PNG of two by two pixels. */
const PICTURE = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg==", "base64");

const saved = (page) => page.locator("[data-save-state]", { hasText: "Saved at" }).waitFor();
const text = (page) => page.getByRole("textbox", { name: "Text", exact: true }).first();
const choose = (page, profile) => page.locator("label.target", { hasText: profile }).locator("input").check();

flow("posts", (desk) => {
  let page;
  let address;
  return {
    "a post is counted while it is typed, saved by itself, and gets an address of its own": async () => {
      page = await desk.as(MANAGER);
      await page.goto(desk.at("/posts/new"));
      await choose(page, FANS);
      await text(page).fill("Flying tonight, all are welcome");
      await page.getByText("Sandbox 31 of 500").waitFor();
      await saved(page);
      await page.waitForURL(/\/posts\/[0-9a-f-]{36}$/);
      address = page.url();
      await page.locator(".preview", { hasText: "Flying tonight" }).waitFor();
    },
    "what the inspector finds stands in its place, with rule and reason": async () => {
      await text(page).fill("Flying tonight. Ask jo.doe@example.org about it");
      await page.locator(".marks mark.finding", { hasText: "jo.doe@example.org" }).waitFor({ state: "attached" });
      await page.locator(".part-notes .note", { hasText: "jo.doe@example.org" }).waitFor();
      await desk.look(page, "composer-found");
    },
    "a picture is put on by choosing it, and by pasting it": async () => {
      await page.locator("input[data-takes-files]").setInputFiles({ name: "kite.png", mimeType: "image/png", buffer: PICTURE });
      await page.locator("li.medium", { hasText: "kite.png" }).waitFor();
      await page.locator("li.medium .note", { hasText: "alt" }).or(page.locator("li.medium .note", { hasText: "Alt" })).first().waitFor();
      await page.getByLabel("What it shows").fill("A red kite");
      await saved(page);
      await page.locator("li.medium .note").first().waitFor({ state: "detached" });
    },
    "what the browser kept when it crashed comes back": async () => {
      // The server does not answer, and then the browser goes away.
      await page.route("**/autosave", (route) => route.abort());
      await text(page).fill("Typed when the server was away");
      await page.locator("[data-save-state]", { hasText: "kept in this browser" }).waitFor();
      const context = page.context();
      await page.close({ runBeforeUnload: false });
      desk.noise.length = 0;
      page = await context.newPage();
      await page.goto(address);
      await page.locator("[data-recovery-text]", { hasText: "Typed when the server was away" }).waitFor();
      await page.getByRole("button", { name: "Use the kept text" }).click();
      await page.locator("textarea", { hasText: "Typed when the server was away" }).waitFor();
      equal(await page.locator("[data-recovery]").isVisible(), false, "offer after it was taken");
    },
    "two people at one post see both texts": async () => {
      const other = await desk.as("olive@northwind.example");
      await other.goto(address);
      await text(other).fill("The owner's words");
      await saved(other);
      await text(page).fill("The manager's words");
      await page.getByRole("alert", { name: "Somebody else saved this post" }).waitFor();
      await page.locator(".conflict-text", { hasText: "The owner's words" }).waitFor();
      await desk.look(page, "composer-conflict");
      await page.getByRole("button", { name: "Save mine over it" }).click();
      await page.locator("textarea", { hasText: "The manager's words" }).waitFor();
      await other.close();
    },
    "a profile gets its own version, and a long text becomes a thread": async () => {
      await choose(page, "Customer care");
      await text(page).fill(`${"A sentence that goes on for a while. ".repeat(16)}The end.`);
      await saved(page);
      await page.getByRole("button", { name: "Cut into a thread" }).click();
      await page.getByRole("textbox", { name: "Post 2 of the thread" }).waitFor();
      await page.getByText("A version of its own for…").click();
      await page.getByRole("button", { name: "Customer care" }).click();
      await page.getByRole("heading", { name: "Version for Customer care" }).waitFor();
      await desk.look(page, "composer-thread");
    },
    "what will happen is said before it is submitted": async () => {
      await page.goto(desk.at("/posts/new"));
      await choose(page, FANS);
      await text(page).fill("Seen from the beach: one hundred kites");
      await saved(page);
      await page.getByRole("button", { name: "Review and submit" }).click();
      await page.getByRole("heading", { level: 1, name: "Review and submit" }).waitFor();
      await page.getByText("One post goes out").waitFor();
      await desk.look(page, "review");
      await page.getByRole("button", { name: "Submit" }).click();
      await page.getByRole("heading", { name: "Story, as it is on record" }).waitFor();
      await page.getByText("submitted version 1").waitFor();
    },
    "it goes out, says so with its proof, and comes back in the stream": async () => {
      const out = page.url();
      await until(async () => {
        await page.goto(out);
        return page.locator("main .badge", { hasText: "Published" }).first().isVisible();
      }, "the post is published");
      await page.getByText("On record as entry").first().waitFor();
      await desk.look(page, "published");
      await page.getByRole("link", { name: "Change the text" }).click();
      await page.getByRole("heading", { level: 1, name: "Change what is published" }).waitFor();
      await desk.look(page, "published-change");
      await until(async () => {
        await page.goto(desk.at("/stream"));
        return page.locator("article.message", { hasText: "one hundred kites" }).first().isVisible();
      }, "the post is captured from the network");
    },
    "a captured message is answered from its own page": async () => {
      await page.goto(desk.at("/stream?network=sandbox"));
      await page.locator("article.message a[data-opens]").first().click();
      await page.getByRole("link", { name: "Reply" }).first().click();
      await page.getByRole("heading", { level: 1, name: "New answer" }).waitFor();
      await page.getByRole("heading", { name: "You answer" }).waitFor();
      await text(page).fill("Thank you for asking!");
      await saved(page);
      await desk.look(page, "answer");
    },
    "a post is moved to another day by keys, and by dragging": async () => {
      await page.goto(desk.at("/calendar?view=list"));
      await page.goto(desk.at("/calendar"));
      const entry = () => page.locator("a.entry", { hasText: "Autumn winds, the launch" });
      if ((await entry().count()) === 0) await page.getByRole("link", { name: "After" }).click();
      const day = () => entry().evaluate((element) => element.closest("[data-day]").dataset.day);
      const before = await day();
      await entry().focus();
      await page.keyboard.press("Alt+ArrowRight");
      await until(async () => (await entry().count()) === 1 && (await day()) !== before, "the post moved");
      await page.locator(".toast", { hasText: "Moved to" }).first().waitFor();
      equal(await entry().evaluate((element) => document.activeElement === element), true, "focus stays on the post");
      const target = page.locator(`li.day[data-day="${before}"]`);
      await entry().dragTo(target);
      await until(async () => (await day()) === before, "the post was dragged back");
      await desk.look(page, "calendar-month");
      await page.getByRole("link", { name: "Week", exact: true }).click();
      await desk.look(page, "calendar-week");
    },
    "several posts move together, and one to another time of its day, by pointer and by keys": async () => {
      await page.goto(desk.at("/calendar?view=list"));
      const entry = (title) => page.locator("li.planned", { hasText: title });
      const shown = (title) => entry(title).locator("a.entry");
      const day = (title) => shown(title).evaluate((element) => Date.parse(element.closest("[data-day]").dataset.day));
      const titles = ["Autumn winds, the launch", "Ask the workshop"];
      const days = async () => Promise.all(titles.map(day));
      const before = await days();
      const moved = (by) => async () => (await days()).every((now, index) => now - before[index] === by * 86_400_000);
      for (const title of titles) await entry(title).getByRole("checkbox").check();
      await page.getByText("2 selected").waitFor();
      await desk.look(page, "calendar-selected");
      await page.getByRole("button", { name: "Move them" }).click();
      await page.getByLabel("Days later").fill("2");
      await desk.look(page, "calendar-move");
      await page.getByRole("button", { name: "Move", exact: true }).click();
      await until(moved(2), "both moved by two days");
      await page.locator(".toast", { hasText: "2 posts moved" }).first().waitFor();
      await shown(titles[0]).focus();
      await page.keyboard.press("Alt+ArrowLeft");
      await until(moved(1), "both moved back by one day");
      await page.getByRole("button", { name: "Select none" }).click();
      equal(await page.getByText("2 selected").isVisible(), false, "a selection");
      await shown(titles[0]).focus();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.getByLabel("Time of the day").fill("16:45");
      await page.keyboard.press("Enter");
      await until(async () => (await shown(titles[0]).locator(".entry-time").innerText()) === "16:45", "it has another time");
      await until(moved(1), "on the same day");
    },
    "a file of posts is reported row by row and becomes drafts": async () => {
      await page.goto(desk.at("/posts/import"));
      const file = `profiles,text,date,time\n"${FANS}","From a file",,\nnobody,"Lost",,\n`;
      await page.getByLabel("CSV file").setInputFiles({ name: "posts.csv", mimeType: "text/csv", buffer: Buffer.from(file) });
      await page.getByRole("button", { name: "Look at it" }).click();
      await page.getByText("1 of 2 rows can become drafts").waitFor();
      await desk.look(page, "import-report");
      await page.getByRole("button", { name: "Make 1 drafts" }).click();
      await page.getByRole("link", { name: "From a file" }).first().waitFor();
    },
    "an author without the right to publish writes and comments": async () => {
      const author = await desk.as(AUTHOR);
      await author.goto(desk.at("/posts"));
      await author.getByRole("link", { name: "Ask the workshop" }).click();
      await author.locator(".part-notes .note").first().waitFor();
      await author.getByLabel("Comment", { exact: true }).fill("Is the address right?");
      await author.getByRole("button", { name: "Comment" }).click();
      await author.getByText("Is the address right?").first().waitFor();
      await author.close();
    },
    "without scripts a post is written, given another part, and saved": async () => {
      const plain = await desk.as(MANAGER, { javaScriptEnabled: false });
      await plain.goto(desk.at("/posts/new"));
      await choose(plain, FANS);
      await text(plain).fill("Written without scripts");
      await plain.getByRole("button", { name: "Add a post to the thread" }).click();
      await plain.getByRole("textbox", { name: "Post 2 of the thread" }).fill("And its second part");
      await plain.locator("input[type=file]").first().setInputFiles({ name: "plain.png", mimeType: "image/png", buffer: PICTURE });
      await plain.getByRole("button", { name: "Save draft" }).click();
      await plain.locator("li.medium").waitFor();
      equal(await plain.getByRole("textbox", { name: "Post 2 of the thread" }).inputValue(), "And its second part", "second part");
      await plain.close();
    },
  };
});
