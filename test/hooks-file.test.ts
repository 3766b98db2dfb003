import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readHooks } from '../src/hooks-file.js';
import { enterableFolder } from './support/folder.js';
import { aSecret } from './support/hook-target.js';

const folder = enterableFolder('countersign-hooks-');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'one'), `${aSecret(1)}\n`);
writeFileSync(join(folder, 'two'), aSecret(2));
writeFileSync(join(folder, 'three'), aSecret(3));
writeFileSync(join(folder, 'short'), `whsec_${Buffer.alloc(23, 1).toString('base64')}`);
writeFileSync(join(folder, 'plain'), 'hunter2hunter2hunter2hunter2');

function read(text: string) {
  const path = join(folder, 'hooks.yaml');
  writeFileSync(path, text);
  return readHooks(path);
}

/** What is wrong with a file, one line each. */
function faults(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    const [, ...lines] = (error as Error).message.replaceAll(folder, '').split('\n');
    return lines;
  }
  return [];
}

const TARGET =
  '{ id: crm, tenant: acme, url: "https://crm.example.com/hook", secret_files: [one], events: [asked] }';

describe('the file of web hooks', () => {
  it('reads secrets beside it, newest first, as YAML or JSON', () => {
    const { out, in: from } = read(`
out: [${TARGET}]
in:
  - id: desk
    tenant: acme
    secret_files: [two, { file: three, until: 2026-12-01T00:00:00Z }]
    reviewers: { U-1: amira }
`);
    expect(out).toMatchObject([{ id: 'crm', events: ['asked'], allow_private: [] }]);
    expect(out[0]?.secrets.map((secret) => secret.length)).toEqual([32]);
    expect(from[0]?.secrets).toMatchObject([{}, { until: Date.parse('2026-12-01T00:00:00Z') }]);
    expect(from[0]?.reviewers.get('U-1')).toBe('amira');
    expect(readHooks(undefined)).toEqual({ out: [], in: [] });
    const json = JSON.stringify({
      out: [{ id: 'a', tenant: 'b', url: 'https://c.example', secret_files: ['one'] }],
    });
    expect(read(json).out).toHaveLength(1);
  });

  it('tells everything that is wrong at once, with its place', () => {
    const lines = faults(`
out:
  - { id: crm, tenant: acme, url: "http://crm.example.com", secret_files: [], events: [sneezed] }
  - { id: crm, tenant: acme, url: "https://me:hunter2@h/", secret_files: [one], allow_private: [10.0.0.0/99], urgent: true }
in:
  - { id: desk, tenant: acme, secret_files: [{ file: one, until: tomorrow }], reviewers: [amira] }
`);
    for (const place of [
      'out[0].url',
      'out[0].secret_files',
      'out[0].events[0]',
      'out[1].url',
      'out[1].allow_private[0]',
      'out[1].urgent',
      'in[0].secret_files[0]',
      'in[0].reviewers',
    ])
      expect(
        lines.some((line) => line.includes(`: ${place}`)),
        place,
      ).toBe(true);
    expect(lines.join('\n')).not.toContain('hunter2');
  });

  it.each([
    [`out: [${TARGET}, ${TARGET}]`, 'out[1].id: must be named once'],
    ['out: [{ id: a, tenant: b, url: "http://localhost:1/", secret_files: [one] }]', 'out[0].allow_private'],
    [`out: [${TARGET.replace('one', 'short')}]`, '23 bytes'],
    [`out: [${TARGET.replace('one', 'plain')}]`, 'out[0].secret_files[0]: plain: it must hold one secret'],
    [`out: [${TARGET.replace('one', 'nowhere')}]`, 'out[0].secret_files[0]: /nowhere cannot be read'],
    [
      'in: [{ id: a, tenant: b, secret_files: [one], reviewers: {} }, { id: c, tenant: b, secret_files: [one], reviewers: {} }]',
      'in[1].secret_files[0]: the same secret as in[0].secret_files[0]',
    ],
    // Seen to fail: whoever is told by this secret could decide by it.
    [
      `out: [${TARGET}]\nin: [{ id: a, tenant: b, secret_files: [one], reviewers: {} }]`,
      'in[0].secret_files[0]: the same secret as out[0].secret_files[0]',
    ],
    ['out: {', ''],
  ])('refuses %s', (text, words) => {
    const lines = faults(text);
    expect(lines.join('\n')).toContain(words);
    expect(lines).not.toEqual([]);
    expect(lines.join('\n')).not.toMatch(/hunter2|whsec_A/);
  });
});
