import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ToolFailure } from '../contract/tool.js';
import { loadTools } from './load-tools.js';

// Beside the sources, so that the modules find zod and this package's own files as a deployment's do.
const root = new URL('../..', import.meta.url).pathname;
const entry = JSON.stringify(new URL('../contract/tool.ts', import.meta.url).href);
const secretEntry = JSON.stringify(new URL('../contract/secret.ts', import.meta.url).href);
let folder = '';
const write = async (name: string, text: string) => {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
};
const tool = (
  name: string,
) => `defineTool({ name: '${name}', version: '1', tier: 1, input: z.object({ key: secret() }), describe: () => '${name}',
  run: () => { throw new ToolFailure('nope', 'did not happen'); } })`;
const head = `import { defineTool, ToolFailure } from ${entry}; import { secret } from ${secretEntry}; import { z } from 'zod';\n`;

describe('loadTools', () => {
  beforeAll(async () => {
    await mkdir(join(root, '.cache'), { recursive: true });
    folder = await mkdtemp(join(root, '.cache/tools-'));
    await mkdir(join(folder, 'cjs'));
    await write('cjs/package.json', '{"type":"commonjs"}');
  });
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  it.each(['good.ts', 'cjs/good.ts'])(
    'collects named exports, arrays and records, once each (%s)',
    async (name) => {
      const text = `${head}export const a = ${tool('a')}; export const again = a; export const list = [${tool('b')}]; export default { c: ${tool('c')}, other: 1 };`;
      expect([...(await loadTools(await write(name, text))).keys()].sort()).toEqual(['a', 'b', 'c']);
    },
  );

  it('knows tools, secrets and failures of a module that loaded its own copy of the package', async () => {
    const tools = await loadTools(await write('copy.ts', `${head}export const a: unknown = ${tool('a')};`));
    const a = tools.get('a');
    expect(a?.schema).toMatchObject({ properties: { key: { 'x-secret': true } } });
    const thrown: unknown = await a?.run({ key: 'x' }, {} as never).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ToolFailure);
  });

  it('says what, where and what to do when there is no such file', async () => {
    await expect(loadTools(join(tmpdir(), 'nowhere.ts'))).rejects.toThrow(
      /nowhere\.ts: there is no such file; set COUNTERSIGN_TOOLS/,
    );
  });

  it.each([
    ['throws at import', 'throws.mjs', 'throw new Error("no database");', /cannot be imported: no database/],
    ['has a syntax error', 'syntax.ts', 'export const = 1;', /cannot be imported/],
    [
      'exports no tool',
      'none.mjs',
      'export const a = 1; export default null;',
      /exports no tool; export what defineTool returns/,
    ],
    [
      'defines a tool badly',
      'bad.ts',
      `${head}export const a = defineTool({ name: 'a' } as never);`,
      /^tools module \S+: tool "a": .*version.*; correct the tool/,
    ],
    [
      'has two tools of one name',
      'two.ts',
      `${head}export const a = ${tool('same')}; export const b = ${tool('same')};`,
      /two of its tools are named same/,
    ],
  ])('refuses a module that %s', async (_name, file, text, message) => {
    const path = await write(file, text);
    await expect(loadTools(path)).rejects.toThrow(message);
    await expect(loadTools(path)).rejects.toMatchObject({ code: 'config' });
  });

  // Seen to fail: run twice, with an import that Node can link.
  it('runs nothing of a module a second time to tell where it fails', async () => {
    const ran = join(folder, 'ran.txt');
    const fault = "throw Object.assign(new SyntaxError('torn'), { stack: '' });";
    const text = `import { appendFileSync } from 'node:fs';\nappendFileSync(${JSON.stringify(ran)}, 'x');\n${fault}`;
    await expect(loadTools(await write('runs.mjs', text))).rejects.toThrow(/torn; correct the module/);
    expect(await readFile(ran, 'utf8')).toBe('x');
  });

  // Seen to fail: a TypeError of our own in place of the message.
  it('says what it knows when Node cannot be asked for the line', async () => {
    const path = await write('torn.mjs', "throw Object.assign(new SyntaxError('torn'), { stack: '' });");
    const node = process.execPath;
    process.execPath = '/nowhere/node';
    try {
      await expect(loadTools(path)).rejects.toThrow(/cannot be imported: torn; correct the module/);
    } finally {
      process.execPath = node;
    }
  });
});
