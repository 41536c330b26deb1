// Every page of the route table is looked at: each is in desk-pages.txt, or a flow looks at it, or there is a reason.
// Also looks at the pages of the door as nobody sees them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { equal, flow } from "../desk.mjs";

const root = join(import.meta.dirname, "../../..");
/** Pages that the list cannot name, and who looks at them or why nobody does. */
const ELSEWHERE = {
  "/sign-in": "below, as nobody",
  "/forgotten": "below, as nobody",
  "/door/{code}": "flows/house.mjs, with a real invitation",
  "/sign-in/second-factor": "flows/door.mjs, half-way through a sign-in",
  "/audit-log/export": "a file, not a page",
  "/posts/{id}/on/{profile}": "a published post's, looked at in flows/posts.mjs when the demo's first post is out",
  "/media/{id}": "a file, not a page",
  "/live": "a stream, not a page",
  "/messages/{id}": "in desk-pages.txt, as the first message of the stream",
  "/stream/arrivals": "a part that the stream page fetches",
  "/messages/{id}/raw/{entry}": "a file, not a page",
  "/messages/{id}/attachments/{part}": "a file; flows/imports.mjs looks at the page of a masked one",
  "/import/{id}": "flows/imports.mjs, with a file that was sent",
  "/import/{id}/progress": "a part that the import's page fetches",
  "/import/files/{id}": "flows/imports.mjs, with a file that was sent",
  "/import/files/{id}/progress": "a part that the file's page fetches",
  "/messages/{id}/proof/{entry}": "a file, not a page",
  "/messages/{id}/verify/{entry}": "flows/evidence.mjs, from a message",
  "/approvals/{id}": "flows/approvals.mjs, with a post that waits",
  "/approvals/{id}/files/{digest}": "a file, not a page",
  "/workflows/{id}": "flows/approvals.mjs",
  "/workflows/rules/{id}": "flows/approvals.mjs",
  "/outside": "flows/approvals.mjs, as an outside approver",
  "/outside/code": "flows/approvals.mjs, as an outside approver",
  "/outside/{link}": "flows/approvals.mjs, as an outside approver",
  "/outside/files/{id}/{digest}": "a file, not a page",
  "/connect/back": "the way back from a network, which only a network can open",
};

flow("pages", (desk) => ({
  "every page of the route table is looked at": async () => {
    const sources = ["routes.rs", "posts/mod.rs", "word_lists/mod.rs", "door/mod.rs", "account/mod.rs", "api/mod.rs"].map((file) => readFileSync(join(root, "crates/web/src", file), "utf8"));
    const routes = sources.flatMap((source) => [...source.matchAll(/\b(?:page\(|open\(Method::GET, (?=.*Face::Page))"(\/[^"]*)"/g)].map((found) => found[1]));
    equal(routes.length > 25, true, `pages found in the route table: ${routes.length}`);
    const listed = readFileSync(join(root, "web-ui/e2e/desk-pages.txt"), "utf8").split("\n").filter((line) => line && !line.startsWith("#"));
    const paths = listed.map((line) => line.replace(/^\{.+ in (\/[^}]+)\}/, "$1/named").replace(/\?.*/, ""));
    // A path that is a page of its own does not stand for the details of something beside it.
    const stands = (path, route) => path === route || (!routes.includes(path) && new RegExp(`^${route.replace(/\{\w+\}/g, "[^/]+")}$`).test(path));
    const missing = routes.filter((route) => !(route in ELSEWHERE) && !paths.some((path) => stands(path, route)));
    equal(missing.join(", "), "", "pages nobody looks at; add them to desk-pages.txt");
    const gone = Object.keys(ELSEWHERE).filter((path) => !routes.includes(path));
    equal(gone.join(", "), "", "exceptions without a page");
  },
  "the door as nobody sees it": async () => {
    const page = await desk.open();
    for (const [path, name] of [["/sign-in", "sign-in"], ["/forgotten", "forgotten"], ["/door/made-up", "link-gone"], ["/sign-in/second-factor", "no-ceremony"]]) {
      await page.goto(desk.at(path));
      await desk.look(page, name);
    }
  },
  "a page that is not there says so to nobody, too": async () => {
    const page = await desk.open();
    const answer = await page.goto(desk.at("/no-such-page"));
    equal(answer.status(), 404, "status");
    await desk.look(page, "not-found");
  },
}));
