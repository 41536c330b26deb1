// Starts the Slack stand-in of the `emulate` package and tells when it is ready. Its seed has no place for the address that
// events are sent to; the plugin's registration is wrapped to add it.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const { EMULATE, PORT, BASE_URL, EVENTS_URL, SEED } = process.env;
const folder = path.join(EMULATE, "dist");
const load = (file) => import(pathToFileURL(path.join(folder, file)).href);
const isSlack = (file) => /^dist-.*\.js$/.test(file) && fs.readFileSync(path.join(folder, file), "utf8").includes('"/api/chat.postMessage"');
const { slackPlugin } = await load(fs.readdirSync(folder).find(isSlack));
const register = slackPlugin.register;
slackPlugin.register = function (app, store, webhooks, ...rest) {
  webhooks.register({ url: EVENTS_URL, events: ["*"], active: true, owner: "slack" });
  return register.call(this, app, store, webhooks, ...rest);
};
const { createEmulator } = await load("api.js");
await createEmulator({ service: "slack", port: Number(PORT), baseUrl: BASE_URL, seed: { slack: JSON.parse(SEED) } });
console.log("the Slack stand-in is ready");
