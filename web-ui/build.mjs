// Builds the browser side into dist/: one script, one style sheet, one icon sprite, each named by its content, with a manifest that
// maps the plain name to the hashed one, and .br/.gz copies so that the server never compresses the same bytes twice.
// Stops when scripts and styles together pass the budget, because a page that grows unseen is a page that gets slow unseen.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, "dist");
/** Scripts and styles together, gzip: the limit of docs/design.md. */
const BUDGET_BYTES = 60_000;

const bundled = await build({
  entryPoints: { app: join(root, "src/main.ts"), style: join(root, "src/styles/main.css") },
  outdir: dist,
  bundle: true,
  format: "esm",
  minify: true,
  target: ["chrome123", "firefox128", "safari17.5"],
  legalComments: "none",
  write: false,
  logLevel: "warning",
});

/** name → bytes, before hashing. */
const files = new Map();
for (const output of bundled.outputFiles) {
  files.set(output.path.endsWith(".css") ? "app.css" : "app.js", Buffer.from(output.contents));
}
files.set("icons.svg", Buffer.from(sprite()));
files.set("favicon.svg", readFileSync(join(root, "icons/favicon.svg")));

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const manifest = {};
let budget = 0;
for (const [name, bytes] of files) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
  const hashed = name.replace(/\.(\w+)$/, `.${hash}.$1`);
  const gzip = gzipSync(bytes, { level: 9 });
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  manifest[name] = hashed;
  writeFileSync(join(dist, hashed), bytes);
  writeFileSync(join(dist, `${hashed}.gz`), gzip);
  writeFileSync(join(dist, `${hashed}.br`), brotli);
  if (/\.(js|css)$/.test(name)) budget += gzip.length;
  console.log(`${name.padEnd(12)} ${String(bytes.length).padStart(7)} B   gzip ${String(gzip.length).padStart(6)} B   brotli ${String(brotli.length).padStart(6)} B`);
}
writeFileSync(join(dist, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
console.log(`scripts + styles: ${budget} B gzip of ${BUDGET_BYTES} B`);
if (budget > BUDGET_BYTES) {
  console.error("over budget: remove something or raise BUDGET_BYTES in web-ui/build.mjs with a reason");
  process.exit(1);
}

/** One <symbol> per icon of icons.json, stripped to its shapes; size, stroke and colour come from CSS. */
function sprite() {
  const names = JSON.parse(readFileSync(join(root, "icons.json"), "utf8"));
  const symbols = names.map((name) => {
    const source = readFileSync(join(root, "node_modules/lucide-static/icons", `${name}.svg`), "utf8");
    const shapes = source.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>[\s\S]*$/, "").replace(/\s+/g, " ").trim();
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}
