import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeKeyFiles } from '../../src/dev/key-files.js';
import { enterableFolder } from '../support/folder.js';
import { testDatabase, testTemporal } from '../support/stack.js';
import { runBinary } from './binary.js';

/** What is known only once the servers run. */
export let database = '';
export let temporal = '';
export let taken = 0;
export let folder = '';
const listener = createServer((socket) => socket.destroy());

const ENTRY = JSON.stringify(join(process.cwd(), 'dist/src/index.js'));
const ZOD = JSON.stringify(join(process.cwd(), 'node_modules/zod/index.js'));
const tool = (rest: string) =>
  `defineTool({ version: '1', ${rest} input: z.strictObject({}), describe: () => 'x', run: async () => null })`;
const head = `import { defineTool } from ${ENTRY};\nimport { z } from ${ZOD};\n`;
const POLICY = `version: "1"
owner: team
agents:
  bot: { owner: boss, tools: [ping], situations: [any] }
roles:
  boss: { members: [ada, grace] }
`;
/** What lies in the folder. */
export const FILES: Readonly<Record<string, string | Uint8Array>> = {
  'policy.yaml': POLICY,
  'wrong.yaml': POLICY.replace('boss: {', 'bos: {'),
  'unknown-key.yaml': `${POLICY}colour: red\n`,
  'empty.yaml': '',
  'latin1.yaml': Buffer.concat([Buffer.from('# caf'), Buffer.from([0xe9]), Buffer.from(`\n${POLICY}`)]),
  'too-loose.yaml': `${POLICY}tools: { ping: { level: auto } }\n`,
  'irreversible.mjs': `console.log('loading');\nprocess.stdout.write('{');\n${head}export const ping = ${tool("name: 'ping', tier: 4,")};\n`,
  'tools.mjs': `${head}export const ping = ${tool("name: 'ping', tier: 1,")};\n`,
  'throws.mjs': 'const a = 1;\nthrow new Error("no shop configured");\n',
  'syntax.mjs': '// a shop\nexport const a = ;\n',
  'imports-syntax.mjs': 'import "./syntax.mjs";\n',
  'imports-throws.mjs': 'import "./throws.mjs";\n',
  'syntax.cjs': '// a shop\nconst a = ;\n',
  'imports-cjs.mjs': 'import "./syntax.cjs";\n',
  'imports-nothing.mjs': '// a shop\nimport { ping } from "./nothing.mjs";\nexport { ping };\n',
  'nothing.mjs': 'export const a = 1;\n',
  'twins.mjs': `${head}export const a = ${tool("name: 'ping', tier: 1,")};\nexport const b = ${tool("name: 'ping', tier: 1,")};\n`,
  'no-tier.mjs': `${head}export const a = ${tool("name: 'ping',")};\n`,
  'exits.mjs': 'process.exit(0);\n',
  'tools.txt': 'tools',
  'empty.json': '',
  'list.json': '[1]',
  'comma.json': '{\n  "task": "a",\n}',
  'twice.json': '{"task": "a", "task": "b"}',
  'latin1.json': new Uint8Array([0x22, 0xe9, 0x22]),
  'mine.txt': 'my own notes\n',
};

/** Makes the folder and the servers of a clumsy newcomer; call it before all tests of a file. */
export async function openScene(): Promise<{ close(): void }> {
  [{ url: database }, { address: temporal }] = await Promise.all([testDatabase(), testTemporal()]);
  await new Promise<void>((ready) => listener.listen(0, '127.0.0.1', ready));
  taken = (listener.address() as AddressInfo).port; // it listens on a port
  folder = enterableFolder('countersign-bad-input-');
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, 'folder'));
  makeKeyFiles({ signingDir: join(folder, 'keys'), sharedDir: join(folder, 'keys') });
  makeKeyFiles({ signingDir: join(folder, 'other'), sharedDir: join(folder, 'other') });
  return {
    close() {
      listener.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The key files that fit together. */
export const KEYS = {
  COUNTERSIGN_SIGNING_KEY_FILE: 'keys/signing.json',
  COUNTERSIGN_VERIFY_KEYS_FILE: 'keys/verify.json',
  COUNTERSIGN_SECRETS_KEY_FILE: 'keys/secrets.json',
};
/** Everything a worker and a gateway need, and all of it right. */
export const good = () => ({
  ...KEYS,
  COUNTERSIGN_TOOLS: 'tools.mjs',
  COUNTERSIGN_DATABASE_URL: database,
  COUNTERSIGN_PORT: '0',
  TEMPORAL_ADDRESS: temporal,
});
/** A database URL where nothing listens. */
export const NOWHERE = 'postgres://ada:hunter2@127.0.0.1:1/gate';
/** One wrong call, its exit code and what its message must say. */
export type Row = readonly [
  what: string,
  line: readonly string[],
  exit: number,
  words: readonly RegExp[],
  env?: (() => Readonly<Record<string, string>>) | undefined,
  input?: string | Uint8Array,
];

/** Runs a row; the answer is all that is not as it should be: its code, its words, a stack, a password, standard output, a file made or gone. */
export async function faultsOf([, line, exit, words, env = () => ({}), input = '']: Row): Promise<string[]> {
  const before = filesIn(folder);
  const ran = await runBinary(line, { cwd: folder, env: env(), input });
  const faults = [
    ran.exit === exit ? '' : `exit ${ran.exit}`,
    ran.out === '' ? '' : `standard output: ${ran.out}`,
    ran.err.startsWith('countersign: ') ? '' : 'no message of its own',
    NOISE.test(ran.err) ? 'noise' : '',
    ...words.map((word) => (word.test(ran.err) ? '' : `not said: ${String(word)}`)),
    filesIn(folder) === before ? '' : `files: ${filesIn(folder)}`,
  ].filter((fault) => fault !== '');
  return faults.length === 0 ? [] : [...faults, ran.err];
}

const NOISE = /\n\s+at |something failed|hunter2|node:internal|tonic|tokio/;
const filesIn = (dir: string) => readdirSync(dir, { recursive: true }).map(String).toSorted(byText).join(' ');
const byText = (a: string, b: string) => (a < b ? -1 : 1);

/** Rows for `it.each`, by their first column. */
export const named = (rows: readonly Row[]) => rows.map((row) => [row[0], row] as const);
