// The browser counts as the server does: every row of the table that the server's tests write, and what follows while somebody types.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const built = await build({ entryPoints: [join(here, "../src/counting.ts")], bundle: true, format: "esm", write: false });
const { length, fits } = await import(`data:text/javascript;base64,${Buffer.from(built.outputFiles[0].text).toString("base64")}`);

let passed = 0;
let failed = 0;
for (const row of JSON.parse(readFileSync(join(here, "counting.json"), "utf8"))) {
  const found = { length: length(row.text, row.limit), fits: fits(row.text, row.limit) };
  if (found.length === row.length && found.fits === row.fits) {
    passed += 1;
  } else {
    failed += 1;
    console.error(`✗ ${JSON.stringify(row.text)} under ${JSON.stringify(row.limit)}: ${found.length}, ${found.fits}; the server says ${row.length}, ${row.fits}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
