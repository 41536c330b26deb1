// How long a text is on a network: the same counting as crates/networks/src/text.rs, tested against the same table (tests/counting.json).

export interface TextLimit {
  max: number;
  unit: "graphemes" | "scalars" | "utf16" | "bytes";
  bytes_max: number;
  link_counts: number;
  mention_hosts_count: boolean;
  subject_counts: boolean;
}

type Range = [start: number, end: number];

const bytes = new TextEncoder();
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const SPACE = /\p{White_Space}/u;
const LETTER = /[\p{Alphabetic}\p{N}]/u;

function units(text: string, unit: TextLimit["unit"]): number {
  switch (unit) {
    case "graphemes": return [...graphemes.segment(text)].length;
    case "scalars": return [...text].length;
    case "utf16": return text.length;
    case "bytes": return bytes.encode(text).length;
  }
}

/** Where the web addresses of a text stand. A closing mark that belongs to the sentence is not part of one. */
export function links(text: string): Range[] {
  const found: Range[] = [];
  const scheme = /https?:\/\//g;
  for (let at = 0; ; ) {
    scheme.lastIndex = at;
    const start = scheme.exec(text)?.index;
    if (start === undefined) return found;
    let end = start;
    for (const letter of text.slice(start)) {
      if (SPACE.test(letter) || '<>"`'.includes(letter)) break;
      end += letter.length;
    }
    for (; ; end -= 1) {
      const link = text.slice(start, end);
      const last = link.at(-1) ?? "";
      const closes = last === ")" && link.split(")").length > link.split("(").length;
      if (!last || (!closes && !".,;:!?'…".includes(last))) break;
    }
    const beginsAWord = !/[0-9a-z]$/i.test(text.slice(0, start));
    if (beginsAWord && bytes.encode(text.slice(start, end)).length > "https://".length) found.push([start, end]);
    at = Math.max(end, start + "http://".length);
  }
}

/** The longest beginning of these letters, with dots and dashes between them. */
function run(text: string, belongs: (letter: string) => boolean): number {
  if (/^[.-]/.test(text)) return 0;
  let end = 0;
  for (const letter of text) {
    if (!belongs(letter) && letter !== "." && letter !== "-") break;
    end += letter.length;
  }
  return text.slice(0, end).replace(/[.-]+$/, "").length;
}

/** Where the servers of mentions stand: `@server` in `@name@server`. */
export function mentionHosts(text: string): Range[] {
  const found: Range[] = [];
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at)) {
    const before = [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? "";
    const name = run(text.slice(at + 1), (letter) => /^[0-9a-z_]$/i.test(letter));
    const after = at + 1 + name;
    at += 1;
    if (LETTER.test(before) || (before && "_/=@".includes(before)) || name === 0 || text[after] !== "@") continue;
    const host = run(text.slice(after + 1), (letter) => letter === "_" || LETTER.test(letter));
    if (host > 0) {
      found.push([after, after + 1 + host]);
      at = after + 1 + host;
    }
  }
  return found;
}

/** How long a text is by a network's own counting. */
export function length(text: string, limit: TextLimit): number {
  const within = links(text);
  let count = units(text, limit.unit);
  if (!limit.mention_hosts_count) {
    for (const [start, end] of mentionHosts(text)) {
      if (!within.some(([from, to]) => from <= start && start < to)) count -= units(text.slice(start, end), limit.unit);
    }
  }
  if (limit.link_counts > 0) {
    for (const [start, end] of within) count += limit.link_counts - units(text.slice(start, end), limit.unit);
  }
  return count;
}

/** Whether a text fits, beside what else takes from its length. */
export function fits(text: string, limit: TextLimit, beside = 0): boolean {
  return length(text, limit) + beside <= limit.max && (limit.bytes_max === 0 || bytes.encode(text).length <= limit.bytes_max);
}
