import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchAttributes } from '../src/dev/search-attributes.js';
import { CountersignError } from '../src/domain/errors.js';
import { requireSearchAttributes } from '../src/ready-namespace.js';
import { aNamespace } from './support/namespace.js';
import { timeSkippingEnv } from './support/environments.js';
import { testTemporal } from './support/stack.js';

const KEYWORD = 2;
const DATETIME = 6;
const ALL: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(searchAttributes).map(([name, type]) => [name, type === 'Keyword' ? KEYWORD : DATETIME]),
);

let address: string;
let connection: Connection;
beforeAll(async () => {
  ({ address } = await testTemporal());
  connection = await Connection.connect({ address });
});
afterAll(() => connection.close());

const found = (namespace: string) =>
  requireSearchAttributes(connection, { namespace, connection: { address } }).then(
    () => 'good',
    (error: unknown) =>
      error instanceof CountersignError ? `${error.code}: ${error.message}` : String(error),
  );

// Seen to fail: nothing looked at; a type not compared; every failure to list taken for a server that lists none.
describe('the search attributes of a namespace', () => {
  it('are all there, or the missing ones are named with the command that adds them', async () => {
    expect(await found('default')).toBe('good');
    const some = Object.entries(ALL).filter(([name]) => !/Tool|Deadline/.test(name));
    const namespace = await aNamespace(address, Object.fromEntries(some));
    expect(await found(namespace)).toBe(
      `config: The namespace ${namespace} of the Temporal server at ${address} lacks search attributes: CountersignTool, CountersignDeadline. Add them: temporal operator search-attribute create --namespace ${namespace} --name CountersignTool --type Keyword --name CountersignDeadline --type Datetime`,
    );
  });

  it('of another type are named: no command can change them', async () => {
    const namespace = await aNamespace(address, { ...ALL, CountersignTier: 3 });
    expect(await found(namespace)).toMatch(
      /^config: .* has other search attributes under these names: CountersignTier as Int \(needed: Keyword\)\. .*TEMPORAL_NAMESPACE\.$/,
    );
  });

  it('of a namespace that is not there are no answer', async () => {
    expect(await found('elsewhere')).toMatch(/not found/);
  });

  it('are not asked for where the server cannot say: one for tests, with skipped time', async () => {
    const env = await timeSkippingEnv();
    try {
      const settings = { namespace: 'default', connection: { address: env.address } };
      const asked = requireSearchAttributes(env.connection as Connection, settings); // over gRPC it is one
      await expect(asked).resolves.toBeUndefined();
    } finally {
      await env.teardown();
    }
  });
});
