// From a search to the proof: the result in its thread as it was and as it is, what was checked, the files to check it without us; and
// the files that a platform needs. Wants the demo company.
import { readFileSync } from "node:fs";
import { OWNER, equal, flow } from "../desk.mjs";

flow("evidence", (desk) => {
  let owner;
  const saved = async (act) => {
    const [download] = await Promise.all([owner.waitForEvent("download"), act()]);
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
  };
  return {
    "a result opens its thread as it was, and leads to how it is": async () => {
      owner = await desk.as(OWNER);
      await owner.goto(desk.at("/search?q=order"));
      await owner.locator("article.message a[data-opens]").first().click();
      await owner.waitForURL(/\/messages\/.*\?as_of=\d+/);
      const moment = owner.getByRole("navigation", { name: "Moment" });
      equal(await moment.locator('[aria-current="page"]').innerText().then((text) => text.startsWith("As it was at entry")), true, "the moment");
      await desk.look(owner, "thread-then");
      await moment.getByRole("link", { name: "As it is now" }).click();
      await owner.waitForURL((url) => !url.search);
      await owner.getByRole("heading", { name: "History" }).waitFor();
    },
    "the entry is checked here, and can be checked without this server": async () => {
      await owner.getByRole("link", { name: "Verify", exact: true }).click();
      await owner.getByRole("heading", { level: 1, name: /^Proof of entry \d+$/ }).waitFor();
      await desk.look(owner, "proof");
      const proof = await saved(() => owner.getByRole("link", { name: "proof", exact: true }).click());
      equal(/^entry-\d+\.proof\.json$/.test(proof.name), true, proof.name);
      equal(JSON.parse(proof.text).format, "gatepost-proof-1", "the format");
      const verifier = await saved(() => owner.getByRole("link", { name: "verify.py" }).click());
      equal(verifier.text.startsWith("#!/usr/bin/env python3"), true, "the program");
    },
    "a platform's file is taken from the profile": async () => {
      await owner.goto(desk.at("/profiles"));
      await owner.getByRole("link", { name: "Company chat", exact: true }).click();
      await owner.getByRole("link", { name: "Files for the platform" }).click();
      await desk.look(owner, "set-up");
      const manifest = await saved(() => owner.getByRole("button", { name: "Take the file" }).click());
      equal(manifest.name, "slack-app-manifest.json", "the file");
      equal(JSON.parse(manifest.text).settings.event_subscriptions.request_url.includes("/hooks/"), true, "where calls come to");
    },
  };
});
