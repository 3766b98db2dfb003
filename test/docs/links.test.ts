import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const documents = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.md'),
);
const pages = ['README.md', 'CHANGELOG.md', ...documents.map((path) => join('docs', path))];
const LINK = /\]\((?<file>[^)#:\s]*)(?:#(?<anchor>[^)\s]+))?\)/g;

/** Headings as they are linked to: lower case, hyphens for blanks, nothing else. */
function anchorsOf(page: string): readonly string[] {
  const headings = page.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Seen to fail: a page and a heading that are not there. */
it.each(pages)('every link of %s leads somewhere', (path) => {
  for (const { groups = {} } of readFileSync(path, 'utf8').matchAll(LINK)) {
    const { file = '', anchor } = groups;
    const target = file === '' ? path : join(dirname(path), file);
    expect(existsSync(target), `${file} of ${path}`).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(readFileSync(target, 'utf8')), file).toContain(anchor);
  }
});
