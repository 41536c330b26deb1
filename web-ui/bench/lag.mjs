// Capture lag: from the moment a real server accepts a message (it answers its sender) to the moment the stream page shows it in Chromium,
// which nobody reloads, and to the moment a search finds it. One clock, one machine. Prints two lines per network.
//
//   node bench/lag.mjs GATEPOST_URL matrix PEER_JSON MESSAGES
//   node bench/lag.mjs GATEPOST_URL mastodon PEER_JSON MESSAGES      (a server with the demo company; PEER_JSON as the example `peer` prints it)
import { createHmac } from "node:crypto";
import { chromium } from "playwright-core";
import { OWNER, signIn } from "../e2e/desk.mjs";

/** Between two messages, whether the one before has arrived or not: no lock-step with anybody's polling. */
const PAUSE_MS = [150, 650];
/** How often what is under way is looked at; the page notes the moments itself. */
const LOOK_MS = 250;
/** How often the search is asked: well within the API's limit of rate, and how exact its figure is. */
const SEARCH_EVERY_MS = 250;
/** One that does not show within this time is lost. */
const SHOW_MS_MAX = 60_000;
const WORDS = "plan invoice kite parcel meeting table report river window paper";

const [base, network, peerText, count] = process.argv.slice(2);
if (!count) {
  console.error("usage: node bench/lag.mjs GATEPOST_URL matrix|mastodon PEER_JSON MESSAGES");
  process.exit(2);
}
const peer = JSON.parse(peerText);
const rounds = Number(count);
const sleep = (ms) => new Promise((resume) => setTimeout(resume, ms));

/** Calls the peer and answers with its JSON. */
async function call(path, { method = "POST", token, body, form } = {}) {
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(body && { "content-type": "application/json" }) };
  const answer = await fetch(peer.url + path, { method, headers, redirect: "manual", body: body ? JSON.stringify(body) : form && new URLSearchParams(form) });
  if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

/** Each network: what the connect form asks for, and how to send one message and hear that it is accepted. */
const networks = {
  async matrix() {
    const register = async (username) => {
      const { nonce } = await (await call("/_synapse/admin/v1/register", { method: "GET" })).json();
      const mac = createHmac("sha1", peer.registration_secret).update([nonce, username, "a-long-password", "notadmin"].join("\0")).digest("hex");
      const made = await call("/_synapse/admin/v1/register", { body: { nonce, username, password: "a-long-password", admin: false, mac } });
      return made.json();
    };
    const [desk, ann] = [await register("desk"), await register("ann")];
    const { room_id: room } = await (await call("/_matrix/client/v3/createRoom", { token: ann.access_token, body: { name: "Workshop", invite: [desk.user_id] } })).json();
    await call(`/_matrix/client/v3/join/${encodeURIComponent(room)}`, { token: desk.access_token, body: {} });
    let sent = 0;
    const send = (text) => call(`/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/lag${(sent += 1)}`, { method: "PUT", token: ann.access_token, body: { msgtype: "m.text", body: text } });
    return { method: "token", fields: { Server: peer.url, "Access token": desk.access_token }, send };
  },
  async mastodon() {
    const back = "urn:ietf:wg:oauth:2.0:oob";
    const app = await (await call("/api/v1/apps", { form: { client_name: "lag", redirect_uris: back, scopes: "read write" } })).json();
    const asked = `client_id=${app.client_id}&redirect_uri=${encodeURIComponent(back)}&response_type=code&scope=read+write`;
    const page = await (await call(`/oauth/authorize?${asked}`, { method: "GET" })).text();
    const hidden = [...page.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]);
    const agreed = await call("/oauth/x-snac-login", { form: { ...Object.fromEntries(hidden), login: "kites", passwd: peer.passwords.kites } });
    const told = agreed.headers.get("location") ?? (await agreed.text());
    const code = /code=([^&"\s]+)/.exec(told)?.[1] ?? /([0-9a-f]{16,})/.exec(told)?.[1];
    const form = { grant_type: "authorization_code", code, client_id: app.client_id, client_secret: app.client_secret, redirect_uri: back };
    const { access_token: token } = await (await call("/oauth/token", { form })).json();
    return { method: "token", fields: { Server: peer.url, "Access token": token }, send: (text) => call("/api/v1/statuses", { token, form: { status: text } }) };
  },
};

/** Connects through the pages, and answers with the stream page of the new profile. */
async function connect(page, { method, fields }) {
  await page.goto(`${base}/connect/${network}?method=${method}`);
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.waitForURL(/\/profiles\/[0-9a-f-]+/);
  return `${base}/stream?profile=${/profiles\/([0-9a-f-]+)/.exec(page.url())[1]}`;
}

/** From now on the page notes when each word of ours first stands in it, and when a search for what they all say first finds it. */
async function watch(page) {
  const query = encodeURIComponent(`"${WORDS}"`);
  await page.evaluate(([address, every]) => {
    globalThis.shownAt = {};
    globalThis.foundAt = {};
    const note = (into, text) => {
      for (const [word] of text.matchAll(/lag(?:matrix|mastodon)\d+/g)) into[word] ??= Date.now();
    };
    const main = document.querySelector("main");
    new MutationObserver(() => note(globalThis.shownAt, main.innerText)).observe(main, { childList: true, subtree: true, characterData: true });
    setInterval(async () => note(globalThis.foundAt, await (await fetch(address)).text()), every);
  }, [`/api/v1/search?q=${query}&limit=100`, SEARCH_EVERY_MS]);
}

/** Waits until a message is on screen and was found; both in milliseconds after the server accepted it. */
async function follow(page, text, acceptedAt) {
  for (const end = acceptedAt + SHOW_MS_MAX; Date.now() < end; await sleep(LOOK_MS)) {
    const [shown, found] = await page.evaluate((word) => [globalThis.shownAt[word], globalThis.foundAt[word]], text);
    if (shown && found) return { shown: Math.max(0, shown - acceptedAt), found: Math.max(0, found - acceptedAt) };
  }
  throw new Error(`${text} was not shown, or not found, within ${SHOW_MS_MAX / 1_000} s`);
}

const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
try {
  const page = await browser.newPage();
  await signIn(page, base, OWNER);
  const prepared = await networks[network]();
  const stream = await connect(page, prepared);
  await page.goto(stream);
  await watch(page);
  const send = async (round) => {
    const text = `lag${network}${round}`;
    await prepared.send(`${text} ${WORDS}`);
    return [text, Date.now()];
  };
  // The first one waits for the connection to begin: not counted.
  await follow(page, ...(await send(0)));
  const underWay = [];
  for (let round = 1; round <= rounds; round += 1) {
    await sleep(PAUSE_MS[0] + Math.random() * (PAUSE_MS[1] - PAUSE_MS[0]));
    underWay.push(follow(page, ...(await send(round))));
  }
  const lags = await Promise.all(underWay);
  for (const what of ["shown", "found"]) {
    const times = lags.map((lag) => lag[what]).sort((one, other) => one - other);
    const at = (share) => times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)];
    console.log(`${network.padEnd(9)} accepted to ${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${times.at(-1)} ms, of ${times.length} messages`);
  }
} finally {
  await browser.close();
}
