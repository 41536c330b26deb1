// Approvals under people's hands: by keyboard, with a reason, several at once, without scripts, and by somebody from outside.
// Wants the demo company, and its folder in GATEPOST_DATA: the demo sends no mail, so the guest's way in is put into the database.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { OWNER, equal, flow, until } from "../desk.mjs";

const AUTHOR = "ada@northwind.example";
const COMPLIANCE = "cleo@northwind.example";
const LINK = "a-link-that-only-this-flow-knows";
const BROWSER = "a-browser-that-only-this-flow-knows";

/** A guest with a link that works and a browser that gave its code, asked about everything that waits. */
const GUEST = `
import hashlib, json, sqlite3, sys, time, uuid
db = sqlite3.connect(sys.argv[1])
now, guest, link = int(time.time() * 1000), uuid.uuid4(), uuid.uuid4()
digest = lambda text: hashlib.sha256(text.encode()).digest()
db.execute("INSERT INTO guest_approvers VALUES (?,?,?,?,NULL,?,NULL)", (guest.bytes, "gil@agency.example", "gil@agency.example", "Gil Guest", now))
db.execute("INSERT INTO guest_invitations VALUES (?,?,?,?,?,NULL)", (link.bytes, guest.bytes, digest(sys.argv[2]), now, now + 86400000))
db.execute("INSERT INTO guest_sessions VALUES (?,?,?,?,NULL,?,0,?,?,NULL,NULL,'e2e',?)", (uuid.uuid4().bytes, guest.bytes, link.bytes, digest(sys.argv[3]), now, now, now + 3600000, now))
waiting = [row[0] for row in db.execute("SELECT id FROM submissions WHERE state = 'pending'")]
for submission in waiting:
    db.execute("INSERT INTO guest_asks VALUES (?,?,?,?,NULL)", (guest.bytes, submission, now, now))
    for number, step in db.execute("SELECT number, step FROM submission_steps WHERE submission_id = ?", (submission,)).fetchall():
        step = json.loads(step)
        step["approvers"].append({"guest": str(guest)})
        db.execute("UPDATE submission_steps SET step = ? WHERE submission_id = ? AND number = ?", (json.dumps(step), submission, number))
db.commit()
print(len(waiting))
`;

flow("approvals", (desk) => {
  let owner;
  let guest;
  return {
    "the author sees their posts wait and cannot decide about them": async () => {
      const author = await desk.as(AUTHOR);
      await author.goto(desk.at("/approvals"));
      await author.getByText("Nothing waits").waitFor();
      await author.goto(desk.at("/approvals?show=all"));
      equal(await author.locator(".approval").count(), 2, "posts that wait");
      equal(await author.locator('button[value="approve"]').count(), 0, "buttons to approve");
      await desk.look(author, "own-work");
      await author.context().close();
    },
    "what waits is seen whole, and one has its own page": async () => {
      owner = await desk.as(OWNER);
      await owner.goto(desk.at("/approvals"));
      equal(await owner.locator(".approval").count(), 2, "posts that wait");
      await desk.look(owner, "approvals");
      await owner.keyboard.press("j");
      await owner.keyboard.press("Enter");
      await owner.waitForURL(/\/approvals\/[0-9a-f-]+$/);
      await desk.look(owner, "approval");
    },
    "r opens the reasons, a rejection without one says so, and with one it is done": async () => {
      await owner.goto(desk.at("/approvals"));
      await owner.keyboard.press("j");
      await owner.keyboard.press("j");
      await owner.keyboard.press("r");
      const card = owner.locator(".approval").nth(1);
      await card.getByLabel("Reason").waitFor();
      await card.getByRole("button", { name: "Ask for a change" }).click();
      await owner.getByText("Give a reason: the author will read it.").waitFor();
      await desk.look(owner, "no-reason");
    },
    "x selects what is shown, and the selection waits for its answer below": async () => {
      await owner.goto(desk.at("/approvals"));
      await owner.keyboard.press("j");
      await owner.keyboard.press("x");
      equal(await owner.locator(".approval input.check:checked").count(), 1, "selected");
      await desk.look(owner, "selected");
    },
    "somebody from outside asks for a code, and sees only what asks them": async () => {
      const database = join(process.env.GATEPOST_DATA ?? "", "gatepost.db");
      const put = spawnSync("python3", ["-c", GUEST, database, LINK, BROWSER], { encoding: "utf8" });
      equal(put.stdout.trim(), "2", `guests put into the database: ${put.stderr}`);
      guest = await desk.open();
      await guest.goto(desk.at("/outside"));
      await guest.getByText("Nothing opens here").waitFor();
      await desk.look(guest, "outside-closed");
      await guest.goto(desk.at(`/outside/${LINK}`));
      await guest.getByRole("button", { name: "Send me a code" }).waitFor();
      await desk.look(guest, "outside-link");
      await guest.goto(desk.at("/outside/code"));
      await desk.look(guest, "outside-code");
      // A cookie of this kind cannot be put into a browser over http; the header is what the server sees.
      guest = await desk.open({ extraHTTPHeaders: { cookie: `__Host-outside=${BROWSER}` } });
      await guest.goto(desk.at("/outside"));
      equal(await guest.locator(".approval").count(), 2, "what asks the guest");
      equal(await guest.locator(".approval-steps li").count(), 0, "the desk's own way");
      await desk.look(guest, "outside");
    },
    "the guest rejects with a reason, and the desk reads it": async () => {
      const card = guest.locator(".approval").nth(1);
      await card.locator("summary").click();
      await card.getByLabel("Reason").fill("The picture shows last year's shop.");
      await card.getByRole("button", { name: "Reject" }).click();
      // The header does not go along with a redirect, as a cookie would.
      await guest.goto(desk.at("/outside"));
      await until(async () => (await guest.locator(".approval").count()) === 1, "one less waits");
    },
    "a approves by keyboard, and the list is empty": async () => {
      await owner.goto(desk.at("/approvals"));
      await owner.keyboard.press("j");
      await owner.keyboard.press("a");
      await owner.getByText("Nothing waits").waitFor();
      await desk.look(owner, "nothing-waits");
    },
    "a workflow is written without scripts": async () => {
      const page = await desk.as(OWNER, { javaScriptEnabled: false });
      await page.goto(desk.at("/workflows/new"));
      await page.getByLabel("Name", { exact: true }).fill("Executives");
      await page.getByLabel("Name of the step").fill("Owner");
      await page.getByRole("group", { name: "Who is asked" }).first().getByLabel("Owner role").check();
      await page.getByRole("button", { name: "Save" }).click();
      await page.waitForURL(desk.at("/workflows"));
      await page.getByText("The workflow is in force").waitFor();
      await page.context().close();
      await owner.goto(desk.at("/workflows"));
      await owner.getByRole("region", { name: /Executives/ }).getByRole("link", { name: "Change" }).click();
      await desk.look(owner, "workflow");
      await owner.goto(desk.at("/workflows"));
      await owner.getByRole("region", { name: "Prices go through Legal" }).getByRole("link", { name: "Change" }).click();
      await desk.look(owner, "rule");
    },
    "one switch stops every agent and lets them go on": async () => {
      await owner.goto(desk.at("/agents"));
      await owner.getByRole("button", { name: "Stop every agent" }).click();
      await owner.getByText("Agents are stopped").waitFor();
      await desk.look(owner, "agents-stopped");
      await owner.getByRole("button", { name: "Let agents go on" }).click();
      await owner.getByText("Agents work").waitFor();
    },
    "somebody who reads only is asked where the rule says so": async () => {
      const page = await desk.as(COMPLIANCE);
      await page.goto(desk.at("/workflows"));
      await page.getByText("Prices go through Legal").waitFor();
      await page.context().close();
    },
  };
});
