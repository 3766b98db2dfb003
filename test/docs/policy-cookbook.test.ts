import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { isTool, toolFacts } from '../../src/contract/tool.js';
import { loadPolicy } from '../../src/policy/load.js';
import { testPolicy } from '../../src/testing.js';
import { testFolder } from '../support/folder.js';
import { blocksOf, merged } from '../support/page.js';

const page = readFileSync(new URL('../../docs/policy-cookbook.md', import.meta.url), 'utf8');
const blocks = blocksOf(page);
const textOf = (use: string) => blocks.find((block) => block.use === use)?.text ?? '';
const policies = blocks.filter(({ use }) => use === 'policy');
const patterns = [...new Set(policies.map(({ heading }) => heading))];

/** The page's module, as in a folder after `npm install countersign zod`. */
async function toolsOfThePage() {
  const dir = testFolder();
  mkdirSync(join(dir, 'node_modules'));
  symlinkSync(resolve('node_modules/zod'), join(dir, 'node_modules/zod'));
  writeFileSync(join(dir, 'tools.ts'), textOf('tools.ts'));
  const module = (await import(join(dir, 'tools.ts'))) as { tools: readonly unknown[] }; // the page says so
  return module.tools.filter(isTool);
}

/** Seen to fail: a wrong level in a case, a rule that no case fires, a role that nobody has. */
describe('docs/policy-cookbook.md', () => {
  it.each(policies.map((block) => [block.heading, block] as const))('%s', async (_heading, block) => {
    const tools = await toolsOfThePage();
    const policy = stringify(merged(parse(textOf('base')), parse(block.text)));
    expect(loadPolicy(policy, tools.map(toolFacts), '2026-11-21')).toMatchObject({
      policy: {},
      warnings: [],
    });
    const cases = blocks[blocks.indexOf(block) + 1];
    expect(cases?.use).toBe('cases');
    expect(testPolicy({ policy, cases: cases?.text ?? '', tools })).toMatchObject({ passed: true });
  });

  it('says of each pattern what it gives and when to use it, and lists it at the top', () => {
    expect(patterns.length).toBeGreaterThanOrEqual(18);
    for (const heading of patterns) {
      const [, text = ''] = page.split(`## ${heading}\n`);
      const [section = ''] = text.split('\n## ');
      expect(section, heading).toMatch(/^\n\*\*Gives:\*\* [^]*\*\*Use it\*\* /);
      expect(page).toContain(`(#${heading.toLowerCase().replaceAll(',', '').replaceAll(' ', '-')})`);
    }
  });

  it('marks every block with what is done with it here', () => {
    const kinds = blocks.map(({ language, use }) => `${language} ${use}`);
    expect(new Set(kinds)).toEqual(new Set(['yaml base', 'ts tools.ts', 'yaml policy', 'yaml cases']));
    expect(blocks.filter(({ use }) => use === 'cases')).toHaveLength(policies.length);
  });
});
