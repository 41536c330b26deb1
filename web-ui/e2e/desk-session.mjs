// For run.mjs against the demo company: signs in as its owner through the real pages, and finds the addresses of things by name.
import { OWNER, signIn } from "./desk.mjs";

export async function prepare(context, base) {
  const page = await context.newPage();
  await signIn(page, base, OWNER);
  await page.close();
}

/** `{Name in /list}/rest` → the address that the list's link with that name leads to, and the rest. */
export async function resolvePath(context, base, path) {
  const named = /^\{(.+) in (\/[^}]+)\}(.*)$/.exec(path);
  if (!named) return path;
  const [, name, list, rest] = named;
  const page = await context.newPage();
  try {
    await page.goto(new URL(list, base).href);
    const href = await page.locator("main").getByRole("link", { name, exact: true }).first().getAttribute("href");
    return `${href}${rest}`;
  } finally {
    await page.close();
  }
}
