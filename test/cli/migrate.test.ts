import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TenantId } from '../../src/domain/ids.js';
import { provision } from '../../src/provision.js';
import { openDatabase, type Database } from '../../src/store/database.js';
import { readJournal, TENANT_CHAIN } from '../../src/store/journal.js';
import { bearerOf } from '../../src/store/tokens.js';
import { testFolder } from '../support/folder.js';
import { testDatabase } from '../support/stack.js';
import { run } from './terminal.js';

let [url, folder] = ['', ''];
let database: Database;
beforeEach(async () => {
  folder = testFolder();
  ({ url } = await testDatabase());
  database = openDatabase({ url, maxConnections: 1 });
  vi.stubEnv('COUNTERSIGN_DATABASE_URL', url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await database.close();
});

/** A policy with one role of these people. */
function policyOf(version: string, members: readonly string[]): string {
  const file = join(folder, `policy-${version}.yaml`);
  writeFileSync(
    file,
    `version: "${version}"
owner: team
agents:
  bot: { owner: boss, tools: [ping], situations: [any] }
roles:
  boss: { members: [${members.join(', ')}] }
`,
  );
  return file;
}
const inForce = () =>
  database.query('select p.version, a.author from active_policies a join policies p on p.hash = a.hash');

describe('migrate --policy', () => {
  // Seen to fail: the given policy activated whenever it is given: version 1 was in force again, and ada had a token.
  it('puts the first policy in force, and leaves another that took its place', async () => {
    const [old, tight] = [policyOf('1', ['ada', 'grace']), policyOf('2', ['grace', 'lin'])];
    const migrate = (...rest: string[]) => run(['migrate', '--policy', old, ...rest]);
    expect(await migrate()).toEqual({
      exit: 0,
      out: 'The database is up to date; policy in force: 1.\n',
      err: '',
    });
    expect((await migrate()).err).toBe('');
    const dev = {
      databaseUrl: url,
      tenant: 'default',
      tokensFile: undefined,
      policyFile: tight,
      forgetNamespace: false,
    };
    expect(await provision({ ...dev, replace: true })).toMatchObject({ policyVersion: '2', replaced: '1' });

    const repeated = await migrate();
    expect(repeated).toMatchObject({ exit: 0, out: 'The database is up to date; policy in force: 2.\n' });
    expect(repeated.err).toMatch(/^The policy given, version 1, .*`countersign policy activate FILE`/);
    const told = await migrate('--tokens', join(folder, 'tokens.json'), '--json');
    expect(JSON.parse(told.out)).toEqual({
      policyVersion: '2',
      replaced: null,
      notActivated: '1',
      people: ['grace', 'lin'],
      revoked: [],
    });
    expect(await inForce()).toEqual([{ version: '2', author: 'local' }]);
  });
});

interface Tokens {
  readonly service: string;
  readonly operator: string;
  readonly people: Readonly<Record<string, string>>;
}

describe('migrate --tokens', () => {
  const migrate = async (name = 'tokens.json') => {
    const file = join(folder, name);
    const ran = await run(['migrate', '--policy', policyOf('1', ['ada', 'grace']), '--tokens', file]);
    const tokens: Tokens = JSON.parse(readFileSync(file, 'utf8'));
    return { ran, tokens };
  };
  const good = async ({ service, operator, people }: Tokens) => {
    const all = [service, operator, ...Object.values(people)];
    const bearers = await Promise.all(all.map((token) => bearerOf(database, token)));
    return bearers.map((bearer) => bearer?.subject);
  };
  const made = async () => {
    const rows = await readJournal(database, {
      tenant: 'default' as TenantId,
      task: TENANT_CHAIN,
      limit: 100,
    });
    return rows
      .filter(({ type }) => type === 'token-created')
      .map(({ body, texts }) => [JSON.parse(body).kind, JSON.parse(texts ?? '')]);
  };

  // Seen to fail: tokens made without an entry: the journal named none.
  it('journals each token it makes, once', async () => {
    const { tokens } = await migrate();
    expect(await migrate()).toMatchObject({ tokens });
    expect(await made()).toEqual(
      [
        ['service', 'local'],
        ['service', 'operator'],
        ['personal', 'ada'],
        ['personal', 'grace'],
      ].map(([kind, subject]) => [kind, { by: 'local', for: subject }]),
    );
  });

  // Seen to fail: with `revoked` taken for `over`, ada had a good token again.
  it('makes anew what is over, and not what was revoked; a new file gives a whole set', async () => {
    const { tokens } = await migrate();
    await database.query('update tokens set expires_at = created_at');
    await database.query("update tokens set revoked_at = created_at where subject = 'ada'");
    expect(await good(tokens)).toEqual([undefined, undefined, undefined, undefined]);

    const again = await migrate();
    expect(await good(again.tokens)).toEqual(['local', 'operator', undefined, 'grace']);
    expect(again.ran.err).toMatch(/^The token of ada was revoked and stays so: `countersign token create`/);
    expect(await good((await migrate('new.json')).tokens)).toEqual(['local', 'operator', 'ada', 'grace']);
    expect(await made()).toHaveLength(4 + 3 + 4);
  });
});
