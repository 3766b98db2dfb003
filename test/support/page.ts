/** A fenced block of a page: its language, what is done with it here, and its text. */
export interface Block {
  readonly language: string;
  /** The words after the language: what a test does with it, perhaps the name of a file. */
  readonly use: string;
  readonly text: string;
  /** The heading it stands under. */
  readonly heading: string;
}

const BLOCK = /^```(?<language>\w+)(?: (?<use>[^\n]+))?\n(?<text>[\s\S]*?)^```$/gm;
const HEADING = /^##+ (.+)$/gm;

/** All fenced blocks of a page, in order. */
export function blocksOf(page: string): readonly Block[] {
  const headings = [...page.matchAll(HEADING)];
  return [...page.matchAll(BLOCK)].map(({ index, groups = {} }) => ({
    language: groups['language'] ?? '',
    use: groups['use'] ?? '',
    text: groups['text'] ?? '',
    heading: headings.findLast((heading) => heading.index < index)?.[1] ?? '',
  }));
}

/** A page with what stands between `<!-- NAME -->` and `<!-- end -->` made anew. */
export function regenerated(page: string, contentOf: (name: string) => string): string {
  return page.replace(
    /(?<=<!-- ((?!end)[^\n]+?) -->\n\n).*?(?=\n\n<!-- end -->)/gs,
    (_before, name: string) => contentOf(name),
  );
}

/** A table in Markdown; a bar within a cell stays one. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** One value in the place of another: sections are put together key by key, anything else is replaced. */
export function merged(base: unknown, over: unknown): unknown {
  if (!isSection(base) || !isSection(over)) return over;
  const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries(
    [...keys].map((key) => [key, key in over ? merged(base[key], over[key]) : base[key]] as const),
  );
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
