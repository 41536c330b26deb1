// The whole browser side in one command: starts the gallery on a free port, looks at every page of it (run.mjs), tries it with a
// person's hands (behaviour.mjs), ends it, and prints one sum. Pictures go to artifacts/gallery.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const out = join(root, "artifacts/gallery");
/** `cargo build` of the example is done before; starting takes milliseconds. */
const START_WAIT_MS = 20_000;

await finished(spawn("cargo", ["build", "--quiet", "--package", "web", "--example", "gallery"], { cwd: root, stdio: "inherit" }));
const binary = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/examples/gallery");
mkdirSync(out, { recursive: true });
const pages = join(out, "pages.txt");
writeFileSync(pages, await captured(spawn(binary, ["--paths"], { stdio: ["ignore", "pipe", "inherit"] })));

const server = spawn(binary, ["127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
let passed = 0;
let failed = 0;
let clean = true;
try {
  const base = await address(server);
  for (const [script, ...rest] of [["run.mjs", "--paths-from", pages], ["behaviour.mjs"]]) {
    const child = spawn(process.execPath, [join(here, script), "--base", base, "--out", out, ...rest], { stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface({ input: child.stdout })) {
      const sum = /^(\d+) passed, (\d+) failed$/.exec(line);
      if (sum) [passed, failed] = [passed + Number(sum[1]), failed + Number(sum[2])];
      else console.log(line);
    }
    clean = (await code(child)) === 0 && clean;
  }
} finally {
  server.kill();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(clean && passed > 0 ? 0 : 1);

function code(child) {
  return child.exitCode === null ? new Promise((resolve) => child.once("exit", (status) => resolve(status ?? 1))) : Promise.resolve(child.exitCode);
}

async function finished(child) {
  const status = await code(child);
  if (status !== 0) process.exit(status);
}

async function captured(child) {
  let text = "";
  for await (const part of child.stdout) text += part;
  await finished(child);
  return text;
}

function address(child) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("the gallery did not say its address")), START_WAIT_MS);
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = /http:\/\/[\d.]+:\d+/.exec(line);
      if (!found) return;
      clearTimeout(late);
      // By name, because passkeys are bound to a host name and refuse addresses.
      resolve(found[0].replace("127.0.0.1", "localhost"));
    });
    child.once("exit", () => reject(new Error("the gallery ended before it said its address")));
  });
}
