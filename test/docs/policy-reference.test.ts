import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { judgeCall } from '../../src/policy/judge-case.js';
import { judge } from '../../src/policy/judge.js';
import { loadPolicy } from '../../src/policy/load.js';
import { blocksOf, merged, regenerated } from '../support/page.js';
import { anInput, frame, policyWith, rule } from '../support/random-case.js';
import { documentedAs } from '../../src/policy/rule-words.js';
import { BUILT_IN_RULES } from './built-in-rules.js';
import { POLICY_TABLES } from './policy-tables.js';
import { allKeys, keysIn, keyTable, POLICY, sectionsOf, type Schema } from './schema-tables.js';

const FILE = '../../docs/policy-reference.md';
const page = readFileSync(new URL(FILE, import.meta.url), 'utf8');
const blocks = blocksOf(page);
const [base] = blocks.filter(({ use }) => use === 'base').map(({ text }): unknown => parse(text));
const examples = blocks.filter(({ use }) => use === 'example');
const TODAY = '2026-11-21';

const sections = sectionsOf(POLICY);
const names = [...page.matchAll(/^<!-- (?!end)(.+) -->$/gm)].map(([, name = '']) => name);
const placesOf = (name: string) => name.slice('keys '.length).split(', ');

function contentOf(name: string): string {
  if (!name.startsWith('keys ')) return POLICY_TABLES[name]?.() ?? `nothing makes ${name}`;
  const tables = placesOf(name).map((place) => keyTable(sections.get(place) ?? {}));
  expect(new Set(tables).size, name).toBe(1);
  return tables[0] ?? '';
}

/** Seen to fail: a key without a description, a section without a table, an example with a misspelt role. */
describe('docs/policy-reference.md', () => {
  it('has the tables that schema and code make (`npx vitest run docs/policy-reference -u` writes it)', async () => {
    await expect(regenerated(page, contentOf)).toMatchFileSnapshot(FILE);
  });

  it('has a table for each section of the schema, and each other table once', () => {
    const places = names.filter((name) => name.startsWith('keys ')).flatMap(placesOf);
    expect(places.toSorted()).toEqual([...sections.keys()].toSorted());
    const others = names.filter((name) => !name.startsWith('keys '));
    expect(others.toSorted()).toEqual(Object.keys(POLICY_TABLES).toSorted());
  });

  it.each([...sections])('says what each key of %s means', (_place, { properties = {} }) => {
    for (const [key, { description = '' }] of Object.entries(properties))
      expect(description, key).toMatch(/^\S.{10,}[.]$/);
  });

  it('shows policies that load without a warning', () => {
    expect(examples.length).toBeGreaterThan(10);
    for (const { text, heading } of examples) {
      const loaded = loadPolicy(stringify(merged(base, parse(text))), null, TODAY);
      expect({ heading, ...loaded }).toMatchObject({ heading, policy: {}, warnings: [] });
    }
  });

  it('shows every key in some example', () => {
    const used = new Set(
      [base, ...examples.map(({ text }): unknown => parse(text))].flatMap((data) => keysIn(data, POLICY)),
    );
    expect(allKeys().filter((key) => !used.has(key))).toEqual([]);
  });

  it('marks every block with what is done with it here', () => {
    expect(new Set(blocks.map(({ language, use }) => `${language} ${use}`))).toEqual(
      new Set(['yaml base', 'yaml example']),
    );
  });
});

describe('conditions', () => {
  it.each([
    'action.args.count == 3',
    'action.args.count > 2 && !(action.args.count >= 4)',
    'readings.confidence < 1',
    'action.args.count + 1.0 - 2.0 * 3.0 / 2.0 <= 1.0',
    'action.tier + 1 - 2 * 3 / 2 % 2 != 9',
    "action.args.to in ['bob', 'eve'] || false",
    'size(action.args) <= 2',
    '(action.args.count == 3 ? [1, 2] : [3]).exists(n, n == 2)',
    'readings.repeated_failure == 0',
  ])('can be written as %s', (when) => {
    const rules = [{ id: 'it', trigger: 'policy', when, level: 'approve' }];
    const loaded = loadPolicy(stringify(merged(base, { rules })));
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
    const call = {
      agent: 'bot',
      tool: 'get_order',
      args: { count: 3, to: 'bob' },
      readings: { confidence: 0.9 },
    };
    const { fired } = judgeCall(loaded.policy, { ...call, facts: { tier: 1 } }, null);
    expect(fired).toEqual([expect.not.objectContaining({ error: expect.anything() })]);
  });
});

describe('the defaults of the schema', () => {
  it('are what loading takes where nothing is said', () => {
    const policyOf = (data: unknown) => {
      const loaded = loadPolicy(stringify(data));
      if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
      const { hash: _hash, alwaysAsk: _asked, ...rest } = loaded.policy;
      return rest;
    };
    const spelt = merged(base, defaultsIn(POLICY));
    expect(keysIn(spelt, POLICY)).toContain('agents.NAME.autonomy');
    expect(policyOf(spelt)).toEqual(policyOf(base));
    expect(policyOf(merged(spelt, { defaults: { validity: '16m' } }))).not.toEqual(policyOf(base));
  });
});

/** Every default that the schema names, in its place; of agents the one of the base. */
function defaultsIn({ default: value, properties = {}, additionalProperties: entries }: Schema): unknown {
  if (value !== undefined) return value;
  const inner = [
    ...Object.entries(properties),
    ...(typeof entries === 'object' && entries.properties?.['autonomy'] ? [['bot', entries] as const] : []),
  ].flatMap(([key, schema]): [string, unknown][] => {
    const found = defaultsIn(schema);
    return found === undefined ? [] : [[key, found]];
  });
  return inner.length === 0 ? undefined : Object.fromEntries(inner);
}

describe('the built-in rules', () => {
  it('that any case makes fire are documented', () => {
    const documented = BUILT_IN_RULES.map(({ id }) => id);
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 2 }), frame, anInput, (rules, given, input) => {
        const { fired } = judge({ ...input, policy: policyWith(rules, given) });
        const own = rules.map((_rule, index) => `r${index}`);
        for (const { rule: id } of fired) expect([...documented, ...own]).toContain(documentedAs(id));
      }),
    );
  });
});
