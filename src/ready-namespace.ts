import type { Connection } from '@temporalio/client';
import { grpcCode } from './client/grpc-code.js';
import type { TemporalConfig } from './temporal-config.js';
import { searchAttributes } from './dev/search-attributes.js';
import { CountersignError } from './domain/errors.js';
import type { Queries } from './store/database.js';
import { keepNamespace } from './store/namespace.js';

/** temporal.api.enums.v1.IndexedValueType, by its number. */
const TYPES = ['Unspecified', 'Text', 'Keyword', 'Int', 'Double', 'Bool', 'Datetime', 'KeywordList'] as const;
const TIMEOUT_MS = 10_000;

/**
 * Throws `config` when the database's tasks have their runs in another namespace: in this one none of them is found, and every open task would
 * be closed as one whose run is lost. The first that is asked about is kept.
 */
export async function requireSameNamespace(
  connection: Connection,
  { namespace, connection: { address } }: TemporalConfig,
  queries: Queries,
  timeoutMs = TIMEOUT_MS,
): Promise<void> {
  const { namespaceInfo } = await connection.withDeadline(Date.now() + timeoutMs, () =>
    connection.workflowService.describeNamespace({ namespace }),
  );
  const found = { id: namespaceInfo?.id ?? '', name: namespace };
  const kept = await keepNamespace(queries, found);
  if (kept.id === found.id) return;
  throw new CountersignError(
    'config',
    `The tasks of this database have their runs in the Temporal namespace ${kept.name} (${kept.id}), and ${namespace} of the server at ${String(address ?? 'localhost:7233')} is another one (${found.id}). Correct TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE, or COUNTERSIGN_DATABASE_URL. Where the old one is lost for good: countersign migrate --forget-namespace`,
  );
}

/**
 * Whether the namespace knows every search attribute that tasks carry: without one of them no task of it could be started. Throws `config`
 * with the command that adds what is missing; a server that lists none (a test server) is taken as it is.
 */
export async function requireSearchAttributes(
  connection: Connection,
  { namespace, connection: { address } }: TemporalConfig,
): Promise<void> {
  const known = await listed(connection, namespace);
  if (known === undefined) return;
  const at = `The namespace ${namespace} of the Temporal server at ${String(address ?? 'localhost:7233')}`;
  const wanted = Object.entries(searchAttributes);
  const others = wanted.filter(([name, type]) => known.has(name) && known.get(name) !== type);
  if (others.length > 0) {
    const told = others.map(([name, type]) => `${name} as ${known.get(name)} (needed: ${type})`);
    throw new CountersignError(
      'config',
      `${at} has other search attributes under these names: ${told.join(', ')}. Give Countersign a namespace of its own: TEMPORAL_NAMESPACE.`,
    );
  }
  const missing = wanted.filter(([name]) => !known.has(name));
  if (missing.length === 0) return;
  const flags = missing.map(([name, type]) => `--name ${name} --type ${type}`);
  throw new CountersignError(
    'config',
    `${at} lacks search attributes: ${missing.map(([name]) => name).join(', ')}. Add them: temporal operator search-attribute create --namespace ${namespace} ${flags.join(' ')}`,
  );
}

/** Type by name; undefined when the server cannot say. */
async function listed(
  connection: Connection,
  namespace: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const { customAttributes } = await connection.withDeadline(Date.now() + TIMEOUT_MS, () =>
      connection.operatorService.listSearchAttributes({ namespace }),
    );
    const types = Object.entries(customAttributes ?? {});
    return new Map(types.map(([name, type]) => [name, TYPES[type ?? 0] ?? String(type)]));
  } catch (error) {
    if (grpcCode(error) === 'UNIMPLEMENTED') return undefined;
    throw error;
  }
}
