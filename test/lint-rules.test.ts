import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** A project with our linter configuration and nothing else. */
let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'countersign-lint-'));
  for (const path of ['.oxlintrc.json', 'lint', 'tsconfig.json', 'package.json'])
    cpSync(path, join(project, path), { recursive: true });
  symlinkSync(resolve('node_modules'), join(project, 'node_modules'));
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

interface Finding {
  readonly code: string;
  readonly filename: string;
}

/** Lints these files of the fixture in one go; the rules that fired by file, without the type-aware ones. */
function lintAll(files: Readonly<Record<string, string>>): Map<string, string[]> {
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), source);
  }
  const linter = resolve('node_modules/.bin/oxlint');
  const { stdout } = spawnSync(linter, ['-f', 'json', '--quiet', 'src'], { cwd: project, encoding: 'utf8' });
  rmSync(join(project, 'src'), { recursive: true });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Finding[] };
  const rules = new Map<string, string[]>(Object.keys(files).map((path) => [path, []]));
  for (const { code, filename } of diagnostics) rules.get(filename)?.push(code);
  return rules;
}

const lint = (path: string, source: string) => lintAll({ [path]: source }).get(path);
const uses = (specifier: string) => `import { a } from '${specifier}';\nexport const b = a;\n`;
const usesType = (specifier: string) => `import type { A } from '${specifier}';\nexport type B = A;\n`;
const imports = ['eslint(no-restricted-imports)'];

/** Who may import whom, as docs/architecture.md has it. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  contract: ['domain'],
  policy: ['domain', 'contract'],
  testing: ['domain', 'contract', 'policy'],
  store: ['domain', 'contract'],
  workflows: ['domain'],
  client: ['domain', 'contract'],
  activities: ['domain', 'contract', 'policy', 'store'],
  gateway: ['client', 'store', 'contract', 'domain'],
  dispatcher: ['client', 'store', 'domain'],
  sdk: ['contract'],
  cli: ['sdk', 'contract', 'domain', 'dev'],
  dev: ['domain', 'contract'],
};

describe('import rooms', () => {
  it('lets each room import exactly the rooms that it may', () => {
    const rooms = Object.keys(mayImport);
    const files = rooms.flatMap((room) =>
      rooms
        .filter((other) => other !== room)
        .map((other) => [`src/${room}/uses-${other}.ts`, uses(`../${other}/probe.js`)]),
    );
    const rules = lintAll(Object.fromEntries(files));
    const allowed = [...rules].filter(([, fired]) => fired.length === 0).map(([path]) => path);
    const expected = Object.entries(mayImport).flatMap(([room, others]) =>
      others.map((other) => `src/${room}/uses-${other}.ts`),
    );
    expect(allowed.sort()).toEqual(expected.sort());
    expect([...rules.values()].flat().every((code) => code === imports[0])).toBe(true);
  });

  it('knows every room there is', () => {
    const rooms = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(Object.keys(mayImport)).toEqual(expect.arrayContaining(rooms.map((room) => room.name)));
  });

  it.each([
    ['domain', 'zod'],
    ['domain', 'node:crypto'],
    ['domain', '../config.js'],
    ['workflows', 'zod'],
    ['workflows', 'node:fs'],
    ['workflows', '@temporalio/client'],
    ['client', '../workflows/agent-task.js'],
    ['gateway', '../policy/judge.js'],
    ['gateway', '@temporalio/client'],
    ['gateway', '../worker.js'],
    ['dispatcher', '../activities/execute.js'],
    ['cli', '@temporalio/client'],
    ['cli', 'pg'],
  ])('src/%s may not import %s', (room, specifier) => {
    expect(lint(`src/${room}/probe.ts`, uses(specifier))).toEqual(imports);
  });

  it.each([
    ['domain', './ids.js'],
    ['workflows', '@temporalio/workflow'],
    ['client', '../workflows/messages.js'],
    ['gateway', '../policy/explain.js'],
    ['dispatcher', '../activities/ports.js'],
    ['cli', '../worker.js'],
  ])('src/%s may import %s', (room, specifier) => {
    expect(lint(`src/${room}/probe.ts`, uses(specifier))).toEqual([]);
  });

  it('holds in folders further down', () => {
    expect(lint('src/gateway/api/probe.ts', uses('../../activities/execute.js'))).toEqual(imports);
    expect(lint('src/gateway/api/probe.ts', uses('../auth.js'))).toEqual([]);
  });

  it('lets workflows have the types of activities, and not re-export or load them', () => {
    expect(lint('src/workflows/probe.ts', usesType('../activities/index.js'))).toEqual([]);
    expect(lint('src/workflows/probe.ts', `export { a } from '../activities/index.js';\n`)).toEqual(imports);
    const dynamic = `export const load = () => import('../activities/index.js');\n`;
    expect(lint('src/workflows/probe.ts', dynamic)).toEqual(imports);
  });
});

describe('house rules', () => {
  it.each([
    ['src/domain/probe.ts', 'export const now = () => Date.now();', 'eslint(no-restricted-properties)'],
    ['src/domain/probe.ts', 'export const dice = () => Math.random();', 'eslint(no-restricted-properties)'],
    ['src/domain/probe.ts', 'export const now = () => new Date();', 'house(no-clock)'],
    ['src/workflows/probe.ts', 'export const now = () => new Date();', 'house(no-clock)'],
    ['src/store/probe.ts', 'export const home = process.env;', 'node(no-process-env)'],
    ['src/gateway/probe.ts', 'export const end = () => process.exit(1);', 'eslint(no-restricted-properties)'],
    ['src/gateway/probe.ts', 'export const first = AbortSignal.any([]);', 'eslint(no-restricted-properties)'],
    ['src/store/probe.ts', 'export const a: any = 1;', 'typescript(no-explicit-any)'],
    ['src/store/probe.ts', 'export const a = (b: unknown) => b as string;', 'house(assertion-needs-reason)'],
    ['src/store/probe.ts', 'export const a = (b?: string) => b!;', 'house(assertion-needs-reason)'],
    ['src/store/probe.ts', '\n'.repeat(351), 'eslint(max-lines)'],
  ])('refuses in %s: %s', (path, source, rule) => {
    expect(lint(path, source)).toContain(rule);
  });

  it('allows what only looks alike', () => {
    expect(
      lint('src/domain/probe.ts', 'export const iso = (ms: number) => new Date(ms).toISOString();'),
    ).toEqual([]);
    expect(lint('src/config.ts', 'export const home = process.env;')).toEqual([]);
    expect(lint('src/cli/main.ts', 'process.exit(1);')).toEqual([]);
    expect(
      lint('src/store/probe.ts', 'export const a = (b: unknown) => b as string; // checked above'),
    ).toEqual([]);
  });

  it('refuses an import cycle', () => {
    const files = { 'src/one.ts': uses('./two.js'), 'src/two.ts': `export { b as a } from './one.js';\n` };
    expect(lintAll(files).get('src/one.ts')).toEqual(['import(no-cycle)']);
  });
});
