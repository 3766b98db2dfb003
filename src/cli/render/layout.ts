/** Characters that take two columns in a terminal: East Asian wide and fullwidth, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const MARK = /\p{M}/u;

/** Columns a text takes. The sanitiser has been over it. */
export function columns(text: string): number {
  let count = 0;
  for (const character of text) count += MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return count;
}

/**
 * A text in lines of at most `width` columns; words that are longer are split, and what stands between backticks stays on one line where it
 * can. `indent` stands before every line.
 */
export function wrap(text: string, width: number, indent = ''): string[] {
  const room = Math.max(8, width - columns(indent));
  const lines: string[] = [];
  let line = '';
  for (const word of words(text, room).flatMap((part) => split(part, room))) {
    if (line !== '' && columns(line) + 1 + columns(word) > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((content) => `${indent}${content}`.trimEnd());
}

/** The words of a text; a command between backticks is one, unless it is longer than a line. */
function words(text: string, room: number): string[] {
  const found: string[] = [];
  let open = false;
  for (const part of text.split(' ')) {
    const last = found.at(-1);
    const longer = `${last} ${part}`;
    if (open && last !== undefined && columns(longer) <= room) found[found.length - 1] = longer;
    else found.push(part);
    if ((part.split('`').length - 1) % 2 === 1) open = !open;
  }
  return found;
}

function split(word: string, room: number): string[] {
  if (columns(word) <= room) return [word];
  const parts: string[] = [];
  let part = '';
  for (const character of word) {
    if (columns(part) + columns(character) > room) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part];
}

/** A line wrapped so that what follows stands two columns deeper than it begins. */
export function wrapHanging(line: string, width: number): string[] {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const [first = '', ...rest] = wrap(line.trimStart(), width - 2 - columns(indent));
  return [`${indent}${first}`, ...rest.map((more) => `${indent}  ${more}`)];
}

/** A text cut to so many columns, with `…` where something is missing. */
export function cut(text: string, width: number): string {
  if (columns(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (columns(kept) + columns(character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/**
 * Rows under a head, columns aligned by spaces; the last column takes what is left and is cut. A first cell that leaves the others no room
 * stands, whole, on a line of its own.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((row) => columns(row[at] ?? ''))));
  const room = width - widths.slice(1, -1).reduce((sum, other) => sum + other + 2, 2);
  const fits = (row: readonly string[]) => columns(row[0] ?? '') <= room;
  widths[0] = Math.max(0, ...all.filter(fits).map((row) => columns(row[0] ?? '')));
  const line = (row: readonly string[]) => {
    const cells = row.map((cell, at) =>
      at === row.length - 1 ? cell : cell + ' '.repeat((widths[at] ?? 0) - columns(cell)),
    );
    return cut(cells.join('  ').trimEnd(), width);
  };
  return all.flatMap((row) =>
    fits(row) ? [line(row)] : [...wrap(row[0] ?? '', width), line(['', ...row.slice(1)])],
  );
}

/** A label and its text, the text wrapped beside the label. */
export function labelled(label: string, text: string, width: number, labelWidth = 13): string[] {
  const lines = wrap(text, width - labelWidth);
  return lines.map((line, at) => `${(at === 0 ? label : '').padEnd(labelWidth)}${line}`.trimEnd());
}

/** Somebody else's text in a frame that it cannot leave: every line of it begins with the frame's side. */
export function boxed(title: string, lines: readonly string[], width: number): string[] {
  const rule = (text: string) => `+-${text}${'-'.repeat(Math.max(1, width - columns(text) - 3))}+`;
  return [
    rule(` ${title} `),
    ...lines.flatMap((line) => wrap(line, width - 2)).map((line) => `| ${line}`.trimEnd()),
    rule(''),
  ];
}
