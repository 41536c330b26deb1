// For run.mjs against the demo company: signs in as its owner through the real pages, and finds the addresses of things by name.
import { OWNER, signIn } from "./desk.mjs";

export async function prepare(context, base) {
  const page = await context.newPage();
  await signIn(page, base, OWNER);
  await page.close();
}

/** `{Name in /list}/rest` → the address that the list's link with that name leads to, and the rest. `{first message in /stream}`: of a card. */
export async function resolvePath(context, base, path) {
  const named = /^\{(.+) in (\/[^}]+)\}(.*)$/.exec(path);
  if (!named) return path;
  const [, name, list, rest] = named;
  const page = await context.newPage();
  try {
    await page.goto(new URL(list, base).href);
    const main = page.locator("main");
    const link = name === "first message" ? main.locator("article.message a[data-opens]") : main.getByRole("link", { name, exact: true });
    const href = await link.first().getAttribute("href");
    return `${href}${rest}`;
  } finally {
    await page.close();
  }
}
